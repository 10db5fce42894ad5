/** Another encryption for all seed files of a site: those of its record, of earlier ones and of the next. */
import { join } from 'node:path';
import { kemLengths, signatureLengths } from '@epione/protocol';
import { folderOf, versionsIn } from './former.js';
import { nextFolder } from './next.js';
import { exists, readSeed, replaceSeed } from './seed-file.js';
import type { RandomBytes, SeedLock } from './seed-lock.js';
import { seedNames, wipe, type SeedName } from './seeds.js';

/** All suites agree on these. */
const lengths: Readonly<Record<SeedName, number>> = { signing: signatureLengths.mldsa65.seed, kem: kemLengths.mlkem768.seed };

/** Reads a seed under the first of some locks that opens it. @throws WorkerError KEY_FILE_INVALID of the last one. */
async function readUnder(path: string, name: SeedName, locks: readonly (SeedLock | undefined)[]): Promise<Uint8Array> {
  const [lock, ...others] = locks;
  try {
    return await readSeed(path, name, lengths[name], lock);
  } catch (error) {
    if (others.length === 0) throw error;
    return readUnder(path, name, others);
  }
}

/**
 * Encrypts every seed file anew. Cut off and started again, it goes on.
 * @param keys folder of the site's keys. @param from locks that files may be under; undefined is none. @param to the lock they will be under.
 * @returns the files. @throws WorkerError KEY_FILE_INVALID for a file that none of the locks opens; those before it are done.
 */
export async function protectSeeds(keys: string, from: readonly (SeedLock | undefined)[], to: SeedLock | undefined, random: RandomBytes): Promise<string[]> {
  const folders = [keys, nextFolder(keys), ...(await versionsIn(keys)).map((version) => folderOf(keys, version))];
  const done: string[] = [];
  for (const folder of folders) {
    for (const [name, file] of Object.entries(seedNames) as [SeedName, string][]) {
      const path = join(folder, file);
      if (!(await exists(path))) continue;
      const seed = await readUnder(path, name, [to, ...from]);
      await replaceSeed(path, name, seed, to, random);
      wipe(seed);
      done.push(path);
    }
  }
  return done;
}
