/** How each kind of process is started. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDeployment, type Deployment } from './deployment.js';
import { NetworkError } from '../error.js';
import type { Binaries } from './fabric-binaries.js';
import { connectionFile, connectionVariable } from './node-settings.js';
import type { NetworkNode } from './nodes.js';
import type { ProcessSpec } from './process.js';
import { credential, type Network, type Organization } from '../state.js';

// What speaks of every call, proposal and vote is heard from warnings on: it is twenty lines a transaction, a twentieth of an orderer's
// work, and a disk that fills. A peer still names each block that it has committed. Traces of the gRPC library are left out.
const quiet = {
  warning: ['comm.grpc.server', 'gateway', 'endorser', 'gossip.privdata', 'committer.txvalidator', 'orderer.consensus.smartbft.consensus', 'orderer.consensus.smartbft.chain'],
  // An orderer warns whenever a client has gone, which is after each transaction.
  error: ['grpc', 'orderer.common.broadcast'],
};
const logLevels = ['info', ...Object.entries(quiet).map(([level, modules]) => `${modules.join(',')}=${level}`)].join(':');

// Without colour codes.
const logging = { FABRIC_LOGGING_SPEC: logLevels, FABRIC_LOGGING_FORMAT: '%{time:2006-01-02T15:04:05.000Z07:00} %{level} %{module} %{message}' };

// An orderer keeps little and allocates much: with Go's default a tenth of its time is garbage collection, with this a fortieth.
const ordererMemory = { GOGC: '400', GOMEMLIMIT: '512MiB' };

function ordererProcess({ dir, ports: { orderer, ordererAdmin, ordererOperations } }: Organization, binaries: Binaries): Omit<ProcessSpec, 'name'> {
  const cwd = join(dir, 'orderer');
  return { command: binaries.orderer, args: [], cwd, env: { ...logging, ...ordererMemory, FABRIC_CFG_PATH: cwd }, ports: { orderer, ordererAdmin, ordererOperations } };
}

function peerProcess(organization: Organization, binaries: Binaries): Omit<ProcessSpec, 'name'> {
  const cwd = join(organization.dir, 'peer');
  const { peer, peerChaincode, peerOperations } = organization.ports;
  const env = { ...logging, FABRIC_CFG_PATH: cwd, [connectionVariable]: connectionFile(organization) };
  return { command: binaries.peer, args: ['node', 'start'], cwd, env, ports: { peer, peerChaincode, peerOperations } };
}

const keepCompiled = fileURLToPath(new URL('keep-compiled.js', import.meta.url));

// Fabric's own server for Node chaincode, with mutual TLS.
function chaincodeProcess(network: Network, organization: Organization, { packageId, path }: Deployment): Omit<ProcessSpec, 'name'> {
  let server: string;
  try {
    server = createRequire(join(path, 'package.json')).resolve('fabric-shim/cli.js');
  } catch (error) {
    throw new NetworkError('CHAINCODE_INVALID', `${path} has no fabric-shim installed.`, 'Add fabric-shim to its dependencies and install them.', error);
  }
  const { certificateFile, privateKeyFile } = credential(organization, 'tls', 'chaincode');
  const { chaincode } = organization.ports;
  const options = {
    'chaincode-address': `127.0.0.1:${chaincode}`,
    'chaincode-id': packageId,
    'module-path': path,
    'chaincode-tls-key-file': privateKeyFile,
    'chaincode-tls-cert-file': certificateFile,
    'chaincode-tls-client-cacert-file': credential(organization, 'authorities', 'tls').certificateFile,
  };
  // At level info the library writes a line for every transaction. Compiled code is kept, because loading is most of a start.
  const env = { CORE_CHAINCODE_LOGGING_LEVEL: 'warning', NODE_COMPILE_CACHE: join(network.dir, 'compiled') };
  const args = ['--import', keepCompiled, server, 'server', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  return { command: process.execPath, args, cwd: path, env, ports: { chaincode } };
}

/**
 * How a node is started.
 * @throws {NetworkError} CHAINCODE_INVALID when the chaincode's folder does not have fabric-shim, or nothing is deployed
 */
export function processOf(network: Network, { kind, name, organization }: NetworkNode, binaries: Binaries): ProcessSpec {
  if (kind === 'orderer') return { name, ...ordererProcess(organization, binaries) };
  if (kind === 'peer') return { name, ...peerProcess(organization, binaries) };
  const deployment = readDeployment(network);
  if (!deployment) throw new NetworkError('CHAINCODE_INVALID', 'No chaincode is deployed.', 'Run fl-network deploy.');
  return { name, ...chaincodeProcess(network, organization, deployment) };
}
