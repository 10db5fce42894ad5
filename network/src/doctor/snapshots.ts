/** Snapshots of one block at several peers: one hash, or the states differ. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readSnapshot, type Snapshot } from '../channel/snapshots.js';
import { nodeOf } from '../nodes/nodes.js';
import { ledgerDir, type Network, type Organization } from '../state.js';
import { fault, ok, unlessAny, type Check, type Examined } from './finding.js';

/** A snapshot with whose peer made it. */
type Made = Snapshot & { readonly mspId: string };

function snapshotsOf(network: Network, organization: Organization): Made[] {
  const folder = join(ledgerDir(network, nodeOf(organization, 'peer').name), 'snapshots', 'completed', network.topology.channel);
  const blocks = existsSync(folder) ? readdirSync(folder) : [];
  return blocks.map((block) => ({ ...readSnapshot(join(folder, block)), mspId: organization.mspId }));
}

export const snapshots: Check<Examined> = {
  name: 'snapshots',
  examine: ({ network }) => {
    const all = network.organizations.flatMap((organization) => snapshotsOf(network, organization));
    const groups = [...Map.groupBy(all, ({ block }) => block)].filter(([, group]) => group.length > 1);
    if (groups.length === 0) return [ok('no two peers have a snapshot of the same block')];
    const troubles = groups.flatMap(([block, group]) => {
      const hashes = Map.groupBy(group, ({ hash }) => hash);
      if (hashes.size === 1) return [];
      const words = [...hashes].map(([hash, same]) => `${same.map(({ mspId }) => mspId).join(', ')} ${hash.slice(0, 12)}…`).join('; ');
      return [fault(`the states of peers differ at block ${block}: ${words}`, 'Keep the ledger of the peer that is alone with its hash for the inquiry, then fl-network peer reset <mspId> --confirm.')];
    });
    return unlessAny(troubles, `equal at ${groups.length} block(s)`);
  },
};
