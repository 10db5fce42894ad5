/** Wipes a peer's ledger and takes the peer back into the channel: from the first block, or by a snapshot. */
import { rmSync } from 'node:fs';
import { installedPackage, installPackage } from './chaincode/lifecycle.js';
import { joinFromGenesis, joinFromSnapshot, ledgerHeight, untilEndorsed } from './channel/peer-channel.js';
import { readSnapshot } from './channel/snapshots.js';
import { connectPeer, type PeerConnection } from './connection/gateway.js';
import { NetworkError, sentenceOf } from './error.js';
import { withLock } from './lock.js';
import { readDeployment } from './nodes/deployment.js';
import { findBinaries } from './nodes/fabric-binaries.js';
import { until } from './nodes/health.js';
import { nodeOf } from './nodes/nodes.js';
import { stopProcess } from './nodes/process.js';
import { startMissing } from './nodes/start.js';
import type { NetworkOptions } from './options.js';
import { silent, timed } from './progress.js';
import { ledgerDir, openState, organizationOf, type Network, type Organization } from './state.js';

/** What another member's peer still has, without which the wiped one cannot come back. */
interface Remainder {
  /** Number of blocks of the channel. */
  readonly height: number;
  /** The installed chaincode package, where a chaincode is deployed. */
  readonly chaincode?: Uint8Array;
}

async function withPeer<T>(organization: Organization, work: (connection: PeerConnection) => Promise<T>): Promise<T> {
  const connection = connectPeer(organization, 'admin');
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

/** Asks the other peers in turn. @throws {NetworkError} NOT_HEALTHY when none serves: the ledger would be lost */
async function remainderOf(network: Network, wiped: Organization): Promise<Remainder> {
  const packageId = readDeployment(network)?.packageId;
  const words: string[] = [];
  for (const organization of network.organizations.filter((entry) => entry !== wiped)) {
    try {
      return await withPeer(organization, async (connection) => ({
        height: await ledgerHeight(connection, network.topology.channel),
        ...(packageId === undefined ? {} : { chaincode: await installedPackage(connection, packageId) }),
      }));
    } catch (error) {
      words.push(sentenceOf(error));
    }
  }
  throw new NetworkError('NOT_HEALTHY', `No other peer serves, from which that of ${wiped.mspId} could learn: ${words.join('; ')}`, 'Run fl-network up first.');
}

export interface ResetOptions extends NetworkOptions {
  /** Whose peer. */
  readonly mspId: string;
  /** Folder of a snapshot to join by; from the first block when absent. */
  readonly snapshot?: string;
  /** Without it nothing is wiped: private data that only this peer holds is lost for good. */
  readonly confirm: boolean;
}

/** A peer that is back. */
export interface ResetResult {
  readonly mspId: string;
  /** Number of blocks of the channel that it knows. */
  readonly height: number;
}

/**
 * Wipes the ledger of one peer, joins it anew, installs the chaincode that is deployed, and returns when the peer has
 * caught up and endorses. Blocks before a snapshot are not there afterwards, nor their history and private data.
 * @throws {NetworkError} NOT_CONFIRMED, USAGE, SNAPSHOT_INVALID, NOT_HEALTHY, NO_FABRIC, PEER_REFUSED, PORT_IN_USE, PROCESS_FAILED
 */
export async function resetPeer({ stateDir, topology, mspId, snapshot, confirm, report = silent }: ResetOptions): Promise<ResetResult> {
  const network = openState(stateDir, topology);
  const { channel } = network.topology;
  const organization = organizationOf(network, mspId);
  const node = nodeOf(organization, 'peer');
  const source = snapshot === undefined ? undefined : readSnapshot(snapshot);
  const ledger = ledgerDir(network, node.name);
  if (source && source.channel !== channel) throw new NetworkError('SNAPSHOT_INVALID', `${source.dir} is of channel ${source.channel}, not of ${channel}.`, 'Name a snapshot of this channel.');
  if (source?.dir.startsWith(ledger)) throw new NetworkError('USAGE', `${source.dir} lies in the ledger that is to be wiped.`, 'Copy it elsewhere, or take it with --out.');
  if (!confirm) throw new NetworkError('NOT_CONFIRMED', `This wipes the ledger of ${node.name}. Private data that no other peer holds is lost.`, 'Add --confirm.');
  return withLock(stateDir, async () => {
    const { height, chaincode } = await remainderOf(network, organization);
    await timed(report, `${node.name} wiped`, async () => {
      await stopProcess(network, node.name);
      rmSync(ledger, { recursive: true, force: true });
      await startMissing(network, [node], findBinaries());
    });
    return withPeer(organization, async (connection) => {
      await timed(report, 'Channel joined', async () => (source ? joinFromSnapshot(connection, source.dir) : joinFromGenesis(network, connection)));
      if (chaincode) await timed(report, 'Chaincode installed', async () => installPackage(connection, chaincode));
      const remedy = `Read its log with fl-network logs ${node.name}.`;
      await timed(report, 'Blocks', async () => until(`${height} blocks at ${node.name}`, 600_000, async () => (await ledgerHeight(connection, channel)) >= height, remedy));
      if (chaincode) await timed(report, 'Endorsement', async () => untilEndorsed(network, [organization]));
      return { mspId, height: await ledgerHeight(connection, channel) };
    });
  });
}
