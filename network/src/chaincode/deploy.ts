/** Deploys a chaincode as a service on this machine's network, or changes its definition. Running it again changes nothing. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractNames } from './answer.js';
import { packChaincode, type ChaincodePackage } from './chaincode-package.js';
import { readCollections } from './collections.js';
import { applicationPolicy } from './endorsement-policy.js';
import { planOf, putInForce, type Plan, type Wanted } from './in-force.js';
import { migrate } from './migration.js';
import { untilEndorsed } from '../channel/peer-channel.js';
import { connectPeer, withPeers, type PeerConnection } from '../connection/gateway.js';
import { someOf, type PackageConnection, type Target } from '../connection/target.js';
import { NetworkError } from '../error.js';
import { withLock } from '../lock.js';
import { readDeployment, writeDeployment, type Deployment } from '../nodes/deployment.js';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { until } from '../nodes/health.js';
import { nodeOf } from '../nodes/nodes.js';
import { runningPid, stopProcess } from '../nodes/process.js';
import { startMissing } from '../nodes/start.js';
import type { NetworkOptions } from '../options.js';
import { writeProfiles } from '../profile.js';
import { silent, timed, type Report } from '../progress.js';
import { clientsOf, openState, type Network } from '../state.js';

/** The chaincode that ships beside this package. */
export const defaultChaincodeDir = fileURLToPath(new URL('../../../chaincode', import.meta.url));

/** What is to be in force. The policy and the collections stay as they are when absent. */
export interface DefinitionOptions {
  /** Folder of the chaincode's package.json, built. */
  readonly path?: string;
  /** A policy of the channel such as `/Channel/Application/Endorsement`, or a text such as `OutOf(2,'A.peer','B.peer')`. */
  readonly endorsementPolicy?: string;
  /** A file in Fabric's format of collections. */
  readonly collectionsFile?: string;
}

export type DeployOptions = NetworkOptions & DefinitionOptions;

export interface DeployResult extends Deployment {
  /** Whether a definition was committed by this call. */
  readonly changed: boolean;
  /** Entries of the state that this call brought to the form of the new code. */
  readonly migrated: number;
}

/**
 * What the options ask for, read and packed.
 * @throws {NetworkError} CHAINCODE_INVALID, DEFINITION_INVALID
 */
export function wantedOf(name: string, { path = defaultChaincodeDir, endorsementPolicy, collectionsFile }: DefinitionOptions, connection?: PackageConnection): Wanted {
  return {
    name,
    pack: packChaincode(resolve(path), name, connection),
    ...(endorsementPolicy === undefined ? {} : { policy: applicationPolicy(endorsementPolicy) }),
    ...(collectionsFile === undefined ? {} : { collections: readCollections(collectionsFile) }),
  };
}

function targetOf(network: Network, peers: readonly PeerConnection[]): Target {
  const members = peers.map((peer) => ({ mspId: peer.mspId, peers: [peer] as const }));
  if (!someOf(members)) throw new NetworkError('STATE_MISSING', 'The network has no organization.', 'Run fl-network up.');
  return { channel: network.topology.channel, members, withoutPeers: clientsOf(network).map(({ mspId }) => mspId) };
}

/** Puts every chaincode process on the deployment: those that run another package are replaced. */
async function runProcesses(network: Network, deployment: Deployment): Promise<void> {
  const nodes = network.organizations.map((organization) => nodeOf(organization, 'chaincode'));
  if (readDeployment(network)?.packageId !== deployment.packageId) await Promise.all(nodes.map(async ({ name }) => stopProcess(network, name)));
  writeDeployment(network, deployment);
  await startMissing(network, nodes, findBinaries());
}

// A majority's endorsement alone would not show a peer that still starts the former code, as the gateway passes over it.
async function untilAnswering(network: Network, peers: readonly PeerConnection[]): Promise<void> {
  const { channel, chaincode } = network.topology;
  await Promise.all(
    peers.map(async (peer) =>
      until(`an answer of the chaincode at the peer of ${peer.mspId}`, 30_000, async () => (await contractNames(peer, channel, chaincode)).length > 0, `Read its log with fl-network logs chaincode.${peer.mspId}.`),
    ),
  );
  await untilEndorsed(network);
}

async function migrateAsOperator(network: Network, report: Report): Promise<number> {
  const [first] = network.organizations;
  if (!first) return 0;
  const operator = connectPeer(first, 'operator');
  try {
    return await migrate(operator, network.topology.channel, network.topology.chaincode, report);
  } finally {
    operator.close();
  }
}

function requirePeers(network: Network): void {
  const stopped = network.organizations.find((organization) => runningPid(network, nodeOf(organization, 'peer').name) === undefined);
  if (stopped) throw new NetworkError('NOT_HEALTHY', `The peer of ${stopped.mspId} does not run.`, 'Run fl-network up first.');
}

/**
 * What a deployment with these options would do; changes nothing.
 * @throws {NetworkError} STATE_MISSING, CHAINCODE_INVALID, DEFINITION_INVALID, NOT_HEALTHY, PEER_REFUSED
 */
export async function planDeployment({ stateDir, topology, ...options }: DeployOptions): Promise<Plan> {
  const network = openState(stateDir, topology);
  const wanted = wantedOf(network.topology.chaincode, options);
  requirePeers(network);
  return withPeers(network, 'admin', async (peers) => planOf(targetOf(network, peers), wanted));
}

/**
 * Installs, approves by every organization and commits the chaincode, starts its processes, and migrates the state where the
 * code knows how. When it returns, every peer answers with this code.
 * @throws {NetworkError} STATE_MISSING, CHAINCODE_INVALID, DEFINITION_INVALID, PORT_IN_USE, PROCESS_FAILED, NOT_HEALTHY, PEER_REFUSED, DEPLOY_FAILED, MIGRATION_FAILED
 */
export async function deploy({ stateDir, topology, report = silent, ...options }: DeployOptions): Promise<DeployResult> {
  const network = openState(stateDir, topology);
  const wanted = wantedOf(network.topology.chaincode, options);
  const { packageId, label, version }: ChaincodePackage = wanted.pack;
  requirePeers(network);
  return withLock(stateDir, async () =>
    withPeers(network, 'admin', async (peers) => {
      const target = targetOf(network, peers);
      const plan = await planOf(target, wanted);
      const deployment = { packageId, label, version, sequence: plan.next.sequence, path: resolve(options.path ?? defaultChaincodeDir), inForce: !plan.changed };
      const start = async (): Promise<void> => timed(report, 'Chaincode processes', async () => runProcesses(network, deployment));
      // With nothing in force they can start at once; later the former ones serve until the new definition can be committed.
      const started = plan.next.sequence === 1 ? start() : undefined;
      await Promise.all([started, putInForce(target, plan, wanted.pack, report, async () => started ?? start())]);
      const done = { ...deployment, inForce: true };
      writeDeployment(network, done);
      await timed(report, 'Endorsement', async () => untilAnswering(network, peers));
      const migrated = await timed(report, 'Migration', async () => migrateAsOperator(network, report));
      writeProfiles(network);
      return { ...done, changed: plan.changed, migrated };
    }),
  );
}
