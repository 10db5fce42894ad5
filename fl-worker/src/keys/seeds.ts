/** A site's secret keys, kept as seeds: those of its record, and those of earlier records that a round may still need. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { kemLengths, newKemKeys, newSigner, signatureLengths, type KemKeys, type Signer } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { FormerKeys } from './former.js';
import { exists, readSeed, writeSeed } from './seed-file.js';
import type { RandomBytes, SeedLock } from './seed-lock.js';

/** The keys that an organization signs and decapsulates with. */
export interface SiteKeys {
  readonly signer: Signer;
  readonly kem: KemKeys;
  /** Of earlier records: they decapsulate what was sealed before, and sign nothing. */
  readonly former: FormerKeys;
}

/** Seed files by what is bound into their encryption. */
export const seedNames = { signing: 'signing.seed', kem: 'kem.seed' } as const;
/** The suites that the keys are of. */
export type KeySuites = Pick<WorkerConfig['suites'], 'signature' | 'kem'>;
/** Which of the two seeds. */
export type SeedName = keyof typeof seedNames;

/** The two seeds as bytes; whoever asked for them wipes them. */
export type Seeds = Readonly<Record<SeedName, Uint8Array>>;

/** The folder of all keys of a site. */
export const keysFolder = (state: string): string => join(state, 'keys');

/** Where the seeds lie. */
export const seedFiles = (state: string): string[] => Object.values(seedNames).map((name) => join(keysFolder(state), name));

/** How long each seed is, bytes. */
export const seedLengths = ({ signature, kem }: KeySuites): Readonly<Record<SeedName, number>> => ({ signing: signatureLengths[signature].seed, kem: kemLengths[kem].seed });

/** Reads both seeds of a folder. @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID. */
export async function readSeeds(folder: string, suites: KeySuites, lock: SeedLock | undefined): Promise<Seeds> {
  const lengths = seedLengths(suites);
  const read = (name: SeedName): Promise<Uint8Array> => readSeed(join(folder, seedNames[name]), name, lengths[name], lock);
  return { signing: await read('signing'), kem: await read('kem') };
}

/** Wipes bytes that are needed no more. */
export const wipe = (...secrets: readonly Uint8Array[]): void => { for (const bytes of secrets) bytes.fill(0); };

/** The key pairs of a folder's seeds. @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID. */
export async function pairsIn(folder: string, suites: KeySuites, lock: SeedLock | undefined): Promise<Pick<SiteKeys, 'signer' | 'kem'>> {
  const seeds = await readSeeds(folder, suites, lock);
  try {
    return { signer: newSigner(suites.signature, seeds.signing), kem: newKemKeys(suites.kem, seeds.kem) };
  } finally {
    wipe(seeds.signing, seeds.kem);
  }
}

/**
 * The site's keys from its seed files.
 * @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID.
 */
export async function readKeys(state: string, suites: KeySuites, lock?: SeedLock): Promise<SiteKeys> {
  return { ...(await pairsIn(keysFolder(state), suites, lock)), former: await FormerKeys.read(keysFolder(state), lock) };
}

/** Makes the seed files of a folder that are missing; existing ones are never touched. @returns the files made. */
export async function makeSeeds(folder: string, suites: KeySuites, random: RandomBytes, lock?: SeedLock): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  for (const [name, length] of Object.entries(seedLengths(suites)) as [SeedName, number][]) {
    const path = join(folder, seedNames[name]);
    if (await exists(path)) continue;
    const seed = random(length);
    await writeSeed(path, name, seed, lock, random);
    wipe(seed);
    made.push(path);
  }
  return made;
}
