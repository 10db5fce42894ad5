/** One change of the running channel: from the configuration in force to another one, and until every node goes by it. */
import type { common } from '@hyperledger/fabric-protos';
import { withPeers, type PeerConnection } from '../connection/gateway.js';
import { NetworkError } from '../error.js';
import { until } from '../nodes/health.js';
import { nodeOf } from '../nodes/nodes.js';
import { runningPid } from '../nodes/process.js';
import { ordererOrganizations, type Network } from '../state.js';
import { broadcast } from './broadcast.js';
import { latestConfiguration, type Configuration } from './config-block.js';
import { configDifferences, type Difference } from './config-text.js';
import { copyTree, type ConfigTree } from './config-tree.js';
import { computeUpdate } from './config-update.js';
import { ordererChannel } from './orderer-channel.js';
import { updateEnvelope } from './update-envelope.js';

const timeoutMs = 60_000;
// What Raft took is lost when its leader changes at that moment, and SmartBFT drops what it cannot yet check; then it is sent again.
const resendMs = 10_000;

/** A change as it was made, or would be made. */
export interface ConfigurationChange {
  readonly differences: readonly Difference[];
  /** Number of the block that holds the configuration in force afterwards. */
  readonly blockNumber: number;
}

/** Runs work with a connection to each peer that runs, as its organization's administrator. */
async function withRunningPeers<T>(network: Network, work: (peers: readonly PeerConnection[]) => Promise<T>): Promise<T> {
  const organizations = network.organizations.filter((organization) => runningPid(network, nodeOf(organization, 'peer').name) !== undefined);
  if (organizations.length === 0) throw new NetworkError('NOT_HEALTHY', 'No peer of the network runs.', 'Run fl-network up first.');
  return withPeers({ ...network, organizations }, 'admin', work);
}

/** The newest configuration that any of the peers goes by. */
async function newest(peers: readonly PeerConnection[], channel: string): Promise<Configuration> {
  const found = await Promise.allSettled(peers.map(async (peer) => latestConfiguration(peer, channel)));
  const known = found.filter((entry) => entry.status === 'fulfilled').map(({ value }) => value);
  const [first, ...others] = known;
  if (!first) throw new NetworkError('NOT_HEALTHY', 'No peer tells the channel\'s configuration.', 'Run fl-network doctor.');
  return others.reduce((best, candidate) => (candidate.sequence > best.sequence ? candidate : best), first);
}

/** The configuration in force. */
export async function configurationInForce(network: Network): Promise<Configuration> {
  return withRunningPeers(network, async (peers) => newest(peers, network.topology.channel));
}

/** Sends an update until one of the peers has it. Ordered twice it would be refused, as it names the version that it changes. */
async function order(network: Network, peers: readonly PeerConnection[], envelope: common.Envelope, sequence: number): Promise<void> {
  const arrived = async (): Promise<boolean> => (await newest(peers, network.topology.channel)).sequence >= sequence;
  const remedy = 'Run fl-network status; when all is well there, run the command again.';
  await until(
    'the change of the channel',
    timeoutMs,
    async () => {
      const { isTaken, isRefused, words } = await broadcast(network, envelope);
      if (await arrived()) return true;
      if (!isTaken && isRefused) throw new NetworkError('CONFIG_REFUSED', `The orderers refuse the change of the channel:\n${words}`, remedy);
      if (!isTaken) throw new Error(words);
      await until('the order of the change', resendMs, arrived, remedy);
      return true;
    },
    remedy,
  );
}

/** Waits until every peer and orderer that runs has a configuration. */
async function untilInForce(network: Network, peers: readonly PeerConnection[], sequence: number): Promise<Configuration> {
  const { channel } = network.topology;
  const remedy = 'Run fl-network status, then the command again: it goes on from where it was.';
  let reached: Configuration | undefined;
  await until(
    'the change of the channel at every peer',
    timeoutMs,
    async () => {
      const all = await Promise.all(peers.map(async (peer) => latestConfiguration(peer, channel)));
      [reached] = all;
      return all.every((configuration) => configuration.sequence >= sequence);
    },
    remedy,
  );
  if (!reached) throw new NetworkError('NOT_HEALTHY', 'No peer tells the channel\'s configuration.', remedy);
  const { blockNumber } = reached;
  const orderers = ordererOrganizations(network).filter((organization) => runningPid(network, nodeOf(organization, 'orderer').name) !== undefined);
  await until(
    'the change of the channel at every orderer',
    timeoutMs,
    async () => (await Promise.all(orderers.map(async (organization) => ordererChannel(network, organization)))).every((at) => (at?.height ?? 0) > blockNumber),
    remedy,
  );
  return reached;
}

/**
 * Changes the channel: edits a copy of the configuration in force, has the administrators of all members with nodes sign
 * the difference, sends it to the orderers and waits until peers and orderers go by it. Without a difference nothing is sent.
 * @throws {NetworkError} CONFIG_REFUSED with the orderers' words, NOT_HEALTHY
 */
export async function changeConfiguration(network: Network, edit: (tree: ConfigTree) => void, dryRun = false): Promise<ConfigurationChange> {
  return withRunningPeers(network, async (peers) => {
    const { channel } = network.topology;
    const current = await newest(peers, channel);
    const wanted = copyTree(current.tree);
    edit(wanted);
    const sets = computeUpdate(current.tree, wanted);
    const differences = configDifferences(current.tree, wanted);
    if (!sets || dryRun) return { differences, blockNumber: current.blockNumber };
    await order(network, peers, await updateEnvelope(channel, sets, peers), current.sequence + 1);
    const { blockNumber } = await untilInForce(network, peers, current.sequence + 1);
    return { differences, blockNumber };
  });
}
