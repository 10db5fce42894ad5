/** Peers' heights against each other, looked at again before one is called behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPeer } from '../connection/gateway.js';
import { ledgerHeight } from '../channel/peer-channel.js';
import type { Network } from '../state.js';
import { fault, ok, unlessAny, type Check, type Examined } from './finding.js';

// A peer takes a block some milliseconds after it was ordered; seconds later it has it or cannot get it.
const patienceMs = 3000;
const pollMs = 250;

async function heightOf(network: Network, mspId: string): Promise<number | undefined> {
  const organization = network.organizations.find((entry) => entry.mspId === mspId);
  if (!organization) return undefined;
  const connection = connectPeer(organization, 'admin');
  try {
    return await ledgerHeight(connection, network.topology.channel);
  } catch {
    // It has stopped serving since the status was asked, which the check of processes tells the next time.
    return undefined;
  } finally {
    connection.close();
  }
}

/** Which peers do not come to a height within the patience, with what they hold. */
async function behind(network: Network, mspIds: readonly string[], target: number): Promise<[string, number][]> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const heights = await Promise.all(mspIds.map(async (mspId): Promise<[string, number]> => [mspId, (await heightOf(network, mspId)) ?? target]));
    const late = heights.filter(([, height]) => height < target);
    if (late.length === 0 || performance.now() > deadline) return late;
    await sleep(pollMs);
  }
}

export const heights: Check<Examined> = {
  name: 'heights',
  examine: async ({ network, status }) => {
    const peers = status.processes.flatMap(({ name, height }) => (name.startsWith('peer.') && height !== undefined ? [{ mspId: name.slice('peer.'.length), height }] : []));
    if (peers.length < 2) return [ok('fewer than two peers serve, nothing to compare')];
    const target = Math.max(...peers.map(({ height }) => height));
    const late = await behind(network, peers.filter(({ height }) => height < target).map(({ mspId }) => mspId), target);
    const remarks = late.map(([mspId, height]) =>
      fault(`peer.${mspId} holds ${height} blocks, others ${target}, and does not catch up`, `It cannot reach an orderer, or cannot write: fl-network logs peer.${mspId}.`));
    return unlessAny(remarks, `${peers.length} peers hold ${target} blocks`);
  },
};
