/** Keys that are to follow the present ones: made and kept beside them until the ledger has their record, so that a crash loses neither. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newKemKeys, newSigner, toBase64Url, type ParticipantRecord } from '@epione/protocol';
import { exists, readSeed } from './seed-file.js';
import type { SeedLock } from './seed-lock.js';
import { seedLengths, seedNames, wipe, type SeedName } from './seeds.js';

/** Their folder. @param keys folder of the site's keys. */
export const nextFolder = (keys: string): string => join(keys, 'next');

/** The seeds of `next` whose public half the record names. */
async function namedIn(folder: string, record: ParticipantRecord, lock: SeedLock | undefined): Promise<SeedName[]> {
  const suites = { signature: record.signatureSuite, kem: record.kemSuite };
  const publicHalf = {
    signing: (seed: Uint8Array): boolean => toBase64Url(newSigner(suites.signature, seed).publicKey) === record.signingKey,
    kem: (seed: Uint8Array): boolean => toBase64Url(newKemKeys(suites.kem, seed).encapsulationKey) === record.encapsulationKey,
  };
  const named: SeedName[] = [];
  for (const [name, length] of Object.entries(seedLengths(suites)) as [SeedName, number][]) {
    const path = join(folder, seedNames[name]);
    if (!(await exists(path))) continue;
    const seed = await readSeed(path, name, length, lock);
    if (publicHalf[name](seed)) named.push(name);
    wipe(seed);
  }
  return named;
}

/**
 * Puts the next keys in the place of the present ones if the ledger's record names them; cut off anywhere, it goes on at the next call.
 * The present ones have been put aside before.
 * @returns whether it did.
 */
export async function promote(keys: string, record: ParticipantRecord, lock: SeedLock | undefined): Promise<boolean> {
  const folder = nextFolder(keys);
  const named = await namedIn(folder, record, lock);
  if (named.length === 0) return false;
  for (const name of named) await rename(join(folder, seedNames[name]), join(keys, seedNames[name]));
  await rm(folder, { recursive: true });
  return true;
}
