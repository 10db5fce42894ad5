/** Snapshots of equal height at several peers: one hash, or the states differ. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Network } from '../state.js';
import { fault, ok, unlessAny, type Check, type Examined } from './finding.js';

const metadataFile = '_snapshot_additional_metadata.json';
const metadata = z.object({ snapshot_hash: z.string().min(1) });

/** A finished snapshot; `block` is the number of its last block. */
interface Snapshot {
  readonly mspId: string;
  readonly block: string;
  readonly hash: string;
}

// Layout of a peer's snapshots: <rootDir>/completed/<channel>/<last block>/.
function snapshotsOf(network: Network, mspId: string): Snapshot[] {
  const folder = join(network.dir, 'ledgers', `peer.${mspId}`, 'snapshots', 'completed', network.topology.channel);
  const blocks = existsSync(folder) ? readdirSync(folder) : [];
  return blocks
    .filter((block) => existsSync(join(folder, block, metadataFile)))
    .map((block) => ({ mspId, block, hash: metadata.parse(JSON.parse(readFileSync(join(folder, block, metadataFile), 'utf8'))).snapshot_hash }));
}

export const snapshots: Check<Examined> = {
  name: 'snapshots',
  examine: ({ network }) => {
    const all = network.organizations.flatMap(({ mspId }) => snapshotsOf(network, mspId));
    const groups = [...Map.groupBy(all, ({ block }) => block)].filter(([, group]) => group.length > 1);
    const troubles = groups.flatMap(([block, group]) => {
      const hashes = Map.groupBy(group, ({ hash }) => hash);
      if (hashes.size === 1) return [];
      const words = [...hashes].map(([hash, same]) => `${same.map(({ mspId }) => mspId).join(', ')} ${hash.slice(0, 12)}…`).join('; ');
      return [fault(`the states of peers differ at block ${block}: ${words}`, 'Wipe the peer that is alone with its hash and let it join anew; keep its ledger for the inquiry.')];
    });
    if (groups.length === 0) return [ok('no two peers have a snapshot of the same block')];
    return unlessAny(troubles, `equal at ${groups.length} block(s)`);
  },
};
