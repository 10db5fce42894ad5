/** ρ, the secret start of this site's chain in a study with a committee: what it contributes to each round's beacon was fixed before the study opened (decision 0031). */
import { createHmac } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chainLink, committeeSize, frame, hashName, type Digest, type Study } from '@epione/protocol';
import { exists, readSeed, writeSeed } from './seed-file.js';
import type { RandomBytes } from './seed-lock.js';
import { keysFolder } from './seeds.js';

/** How long the seed is. */
export const chainBytes = 32;

/** One seed for all studies. It opens nothing: who has it knows this site's contributions early, no more; so it needs no lock, and is there when the worker starts alone. */
export const chainFile = (state: string): string => join(keysFolder(state), 'chain.seed');

/** The seed, made when it is first asked for. @throws WorkerError KEY_FILE_INVALID. */
export async function chainSeed(state: string, random: RandomBytes): Promise<Uint8Array> {
  await mkdir(keysFolder(state), { recursive: true, mode: 0o700 });
  if (!(await exists(chainFile(state)))) await writeSeed(chainFile(state), 'chain', random(chainBytes), undefined, random);
  return readSeed(chainFile(state), 'chain', chainBytes, undefined);
}

/** ρ of a study, as long as its hash. @throws WorkerError NOT_INITIALISED when the seed of its anchor is gone, KEY_FILE_INVALID. */
async function secretOf(state: string, study: Digest): Promise<Uint8Array> {
  const seed = await readSeed(chainFile(state), 'chain', chainBytes, undefined);
  return createHmac(hashName(study), seed).update(frame('epione/v1/chain', study)).digest();
}

/** The anchor for an approval, as `{anchor}`; nothing where the study has no committee. The seed is made where there is none. */
export async function anchorFrom(state: string, study: Digest, document: Pick<Study, 'aggregation' | 'rounds'>, random: RandomBytes): Promise<{ readonly anchor?: string }> {
  if (committeeSize(document) === undefined) return {};
  await chainSeed(state, random);
  return { anchor: chainLink(study, await secretOf(state, study), document.rounds.count, 0) };
}

/** The link that this site's submission of a round reveals, as `{beacon}`; nothing where the study has no committee. @throws as `secretOf`. */
export async function linkOf(state: string, study: Digest, document: Pick<Study, 'aggregation' | 'rounds'>, round: number): Promise<{ readonly beacon?: string }> {
  if (committeeSize(document) === undefined) return {};
  return { beacon: chainLink(study, await secretOf(state, study), document.rounds.count, round) };
}
