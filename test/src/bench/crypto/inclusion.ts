/** The check of an inclusion proof: from a block's leaf up to the root of a log of a million blocks. */
import { randomBytes } from 'node:crypto';
import { leafBytes, rootFromPath, sha256 } from '@epione/protocol';
import { against, type Figure } from '../figure.js';
import { millisecondsEach } from './cpu-time.js';

/** A path of 20 hashes, as that of every leaf below the left half. */
const size = 1_000_000;

/** Microseconds of CPU time for one proof, its leaf's hash included. */
export async function inclusionFigures(runs: number): Promise<Figure[]> {
  const leaf = leafBytes(123_456, randomBytes(32), 500, randomBytes(32));
  const path = Array.from({ length: 20 }, () => new Uint8Array(randomBytes(32)));
  const root = rootFromPath(sha256, leaf, 123_456, size, path);
  if (root === undefined) throw new Error('a path of 20 hashes does not belong to this leaf');
  const values = Array.from({ length: runs }, () => 1000 * millisecondsEach(5000, () => {
    if (Buffer.compare(rootFromPath(sha256, leaf, 123_456, size, path) ?? leaf, root) !== 0) throw new Error('the proof leads elsewhere');
  }));
  return Promise.resolve([against('crypto.inclusion', 'us', values, 50)]);
}
