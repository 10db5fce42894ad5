/** Which processes a network has and how each is started. */
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Binaries } from './fabric-binaries.js';
import { NetworkError } from './error.js';
import { builderDir, connectionFile, connectionVariable, ordererSettings, peerSettings } from './node-settings.js';
import type { ProcessSpec } from './process.js';
import { credential, ordererOrganizations, writeJson, type Network, type Organization } from './state.js';

/** A deployed chaincode, as `deploy` records it for every later start. */
export interface Deployment {
  /** `label:hash`, the identity under which processes register with their peers. */
  readonly packageId: string;
  readonly label: string;
  readonly version: string;
  readonly sequence: number;
  /** Absolute folder of the chaincode's package.json. */
  readonly path: string;
}

const deploymentFile = (network: Network): string => join(network.dir, 'chaincode.json');

/** What is deployed, if anything. */
export function readDeployment(network: Network): Deployment | undefined {
  const file = deploymentFile(network);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Deployment) : undefined;
}

export function writeDeployment(network: Network, deployment: Deployment): void {
  writeJson(deploymentFile(network), deployment);
}

export const peerName = ({ mspId }: Organization): string => `peer.${mspId}`;
export const ordererName = ({ mspId }: Organization): string => `orderer.${mspId}`;
export const chaincodeName = ({ mspId }: Organization): string => `chaincode.${mspId}`;

/** Names of all processes that belong to a network: orderers, peers and, once deployed, chaincode processes. */
export function processNames(network: Network): string[] {
  const chaincodes = readDeployment(network) ? network.organizations.map(chaincodeName) : [];
  return [...ordererOrganizations(network).map(ordererName), ...network.organizations.map(peerName), ...chaincodes];
}

const script = (...lines: string[]): string => ['#!/bin/sh', 'set -eu', ...lines, ''].join('\n');

// A package holds no address and no key. `release` hands the peer the file that its own environment names.
function writeBuilder(network: Network): void {
  const bin = join(builderDir(network), 'bin');
  mkdirSync(bin, { recursive: true });
  const put = (name: string, content: string): void => {
    writeFileSync(join(bin, name), content, { mode: 0o755 });
  };
  put('detect', script('grep -q \'"type":"ccaas"\' "$2/metadata.json"'));
  put('build', script('cp -r "$1/." "$3/"'));
  put('release', script('mkdir -p "$2/chaincode/server"', `cp "$${connectionVariable}" "$2/chaincode/server/connection.json"`, 'chmod 600 "$2/chaincode/server/connection.json"'));
}

function writeConnection(organization: Organization): void {
  const file = connectionFile(organization);
  const { certificateFile, privateKeyFile } = credential(organization, 'tls', 'peer');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeJson(file, {
    address: `localhost:${organization.ports.chaincode}`,
    dial_timeout: '10s',
    tls_required: true,
    client_auth_required: true,
    client_key: readFileSync(privateKeyFile, 'utf8'),
    client_cert: readFileSync(certificateFile, 'utf8'),
    root_cert: readFileSync(credential(organization, 'authorities', 'tls').certificateFile, 'utf8'),
  });
}

/** Writes the settings that peers and orderers read at their start. */
export function writeSettings(network: Network): void {
  writeBuilder(network);
  for (const organization of network.organizations) {
    writeConnection(organization);
    writeFileSync(join(organization.dir, 'peer', 'core.yaml'), stringify(peerSettings(network, organization)), { mode: 0o600 });
  }
  for (const organization of ordererOrganizations(network)) {
    writeFileSync(join(organization.dir, 'orderer', 'orderer.yaml'), stringify(ordererSettings(network, organization)), { mode: 0o600 });
  }
}

// Without colour codes, and without the traces of the gRPC library, which are nine tenths of a log at Fabric's own setting.
const logging = { FABRIC_LOGGING_SPEC: 'info:grpc=error', FABRIC_LOGGING_FORMAT: '%{time:2006-01-02T15:04:05.000Z07:00} %{level} %{module} %{message}' };

/** How an organization's orderer is started. */
export function ordererProcess(organization: Organization, binaries: Binaries): ProcessSpec {
  const cwd = join(organization.dir, 'orderer');
  const { orderer, ordererAdmin, ordererOperations } = organization.ports;
  return { name: ordererName(organization), command: binaries.orderer, args: [], cwd, env: { ...logging, FABRIC_CFG_PATH: cwd }, ports: { orderer, ordererAdmin, ordererOperations } };
}

/** How an organization's peer is started. */
export function peerProcess(organization: Organization, binaries: Binaries): ProcessSpec {
  const cwd = join(organization.dir, 'peer');
  const { peer, peerChaincode, peerOperations } = organization.ports;
  const env = { ...logging, FABRIC_CFG_PATH: cwd, [connectionVariable]: connectionFile(organization) };
  return { name: peerName(organization), command: binaries.peer, args: ['node', 'start'], cwd, env, ports: { peer, peerChaincode, peerOperations } };
}

/**
 * How an organization's chaincode process is started: Fabric's own server for Node chaincode, with mutual TLS.
 * @throws {NetworkError} CHAINCODE_INVALID when the chaincode's folder does not have fabric-shim
 */
export function chaincodeProcess(organization: Organization, { packageId, path }: Deployment): ProcessSpec {
  let server: string;
  try {
    server = createRequire(join(path, 'package.json')).resolve('fabric-shim/cli.js');
  } catch (error) {
    throw new NetworkError('CHAINCODE_INVALID', `${path} has no fabric-shim installed.`, 'Add fabric-shim to its dependencies and install them.', error);
  }
  const { certificateFile, privateKeyFile } = credential(organization, 'tls', 'chaincode');
  const port = organization.ports.chaincode;
  const options = {
    'chaincode-address': `127.0.0.1:${port}`,
    'chaincode-id': packageId,
    'module-path': path,
    'chaincode-tls-key-file': privateKeyFile,
    'chaincode-tls-cert-file': certificateFile,
    'chaincode-tls-client-cacert-file': credential(organization, 'authorities', 'tls').certificateFile,
  };
  const args = [server, 'server', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  return { name: chaincodeName(organization), command: process.execPath, args, cwd: path, env: { CORE_CHAINCODE_LOGGING_LEVEL: 'info' }, ports: { chaincode: port } };
}

/** Everything that should run, orderers first. */
export function wantedProcesses(network: Network, binaries: Binaries): ProcessSpec[] {
  const deployment = readDeployment(network);
  return [
    ...ordererOrganizations(network).map((organization) => ordererProcess(organization, binaries)),
    ...network.organizations.map((organization) => peerProcess(organization, binaries)),
    ...(deployment ? network.organizations.map((organization) => chaincodeProcess(organization, deployment)) : []),
  ];
}
