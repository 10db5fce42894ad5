/** Deploys a chaincode as a service for all organizations, or upgrades it when its code has changed. Running it again changes nothing. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packChaincode, type ChaincodePackage } from './chaincode-package.js';
import { readDeployment, writeDeployment, type Deployment } from '../nodes/deployment.js';
import { NetworkError, sentenceOf } from '../error.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { withPeers, type PeerConnection } from '../connection/gateway.js';
import { until } from '../nodes/health.js';
import { approve, approvedPackage, commit, committed, install, type Definition } from './lifecycle.js';
import { withLock } from '../lock.js';
import { nodeOf } from '../nodes/nodes.js';
import type { NetworkOptions } from '../options.js';
import { untilEndorsed } from '../channel/peer-channel.js';
import { runningPid, stopProcess } from '../nodes/process.js';
import { writeProfiles } from '../profile.js';
import { silent, timed } from '../progress.js';
import { startMissing } from '../nodes/start.js';
import { openState, type Network } from '../state.js';

/** The chaincode that ships beside this package. */
export const defaultChaincodeDir = fileURLToPath(new URL('../../../chaincode', import.meta.url));

export interface DeployOptions extends NetworkOptions {
  /** Folder of the chaincode's package.json, built. */
  readonly path?: string;
}

export interface DeployResult extends Deployment {
  /** Whether a definition was committed by this call. */
  readonly changed: boolean;
}

/** Puts every chaincode process on the deployment: those that run another package are replaced. */
async function runProcesses(network: Network, deployment: Deployment): Promise<void> {
  const nodes = network.organizations.map((organization) => nodeOf(organization, 'chaincode'));
  if (readDeployment(network)?.packageId !== deployment.packageId) await Promise.all(nodes.map(async ({ name }) => stopProcess(network, name)));
  writeDeployment(network, deployment);
  await startMissing(network, nodes, findBinaries());
}

const remedy = 'Run fl-network doctor, then deploy again.';

/**
 * Does a transaction of the lifecycle until it shows. The first attempt may find too few endorsers, as peers learn of each
 * other a little later; and under load SmartBFT may refuse what it orders all the same ("request already processed").
 */
async function settle(what: string, isDone: () => Promise<boolean>, transaction: () => Promise<void>): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    if (!(await isDone())) await transaction();
    return true;
  };
  await until(what, 30_000, attempt, remedy).catch((error: unknown) => {
    throw new NetworkError('DEPLOY_FAILED', sentenceOf(error), remedy, error);
  });
}

async function approveEverywhere(peers: readonly PeerConnection[], channel: string, definition: Definition, { packageId }: ChaincodePackage): Promise<void> {
  const one = async (peer: PeerConnection): Promise<void> =>
    settle(
      `the approval of ${peer.organization.mspId}`,
      async () => (await approvedPackage(peer, channel, definition)) === packageId,
      async () => approve(peer, channel, definition, packageId),
    );
  await Promise.all(peers.map(one));
}

async function commitOnce(peer: PeerConnection, channel: string, definition: Definition): Promise<void> {
  await settle(
    'the commit of the chaincode definition',
    async () => (await committed(peer, channel, definition.name))?.version === definition.version,
    async () => commit(peer, channel, definition),
  );
}

/**
 * Installs, approves by every organization and commits the chaincode, and starts its processes.
 * @throws {NetworkError} STATE_MISSING, CHAINCODE_INVALID, PORT_IN_USE, PROCESS_FAILED, NOT_HEALTHY, PEER_REFUSED, DEPLOY_FAILED
 */
export async function deploy({ stateDir, topology, path = defaultChaincodeDir, report = silent }: DeployOptions): Promise<DeployResult> {
  const network = openState(stateDir, topology);
  const { channel, chaincode: name } = network.topology;
  const dir = resolve(path);
  const pack = packChaincode(dir, name);
  const stopped = network.organizations.find((organization) => runningPid(network, nodeOf(organization, 'peer').name) === undefined);
  if (stopped) throw new NetworkError('NOT_HEALTHY', `The peer of ${stopped.mspId} does not run.`, 'Run fl-network up first.');
  return withLock(stateDir, async () =>
    withPeers(network, 'admin', async (peers) => {
      const [first] = peers;
      if (!first) throw new NetworkError('STATE_MISSING', 'The network has no organization.', 'Run fl-network up.');
      const inForce = await committed(first, channel, name);
      const unchanged = inForce?.version === pack.version;
      const definition = { name, version: pack.version, sequence: unchanged ? inForce.sequence : (inForce?.sequence ?? 0) + 1 };
      const deployment = { packageId: pack.packageId, label: pack.label, version: pack.version, sequence: definition.sequence, path: dir, inForce: unchanged };
      await timed(report, 'Chaincode processes', async () => runProcesses(network, deployment));
      await timed(report, 'Chaincode installed', async () => Promise.all(peers.map(async (peer) => install(peer, pack))));
      await timed(report, 'Chaincode approved', async () => approveEverywhere(peers, channel, definition, pack));
      if (!unchanged) {
        await timed(report, 'Chaincode committed', async () => commitOnce(first, channel, definition));
      }
      const done = { ...deployment, inForce: true };
      writeDeployment(network, done);
      await timed(report, 'Endorsement', async () => untilEndorsed(network));
      writeProfiles(network);
      return { ...done, changed: !unchanged };
    }),
  );
}
