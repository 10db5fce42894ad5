/** The life of a site's key files beside the ledger: how they stand, their encryption, their shares, their end. */
import { timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { chainFile, chainSeed } from '../keys/chain-secret.js';
import { destroyVersion, FormerKeys, versionsIn, type FormerVersion } from '../keys/former.js';
import { nextFolder } from '../keys/next.js';
import { protectSeeds } from '../keys/protect.js';
import { exists, protectionOf, readSeed, writeSeed } from '../keys/seed-file.js';
import { openLock, type RandomBytes, type SeedLock } from '../keys/seed-lock.js';
import { keysFolder, readSeeds, seedFiles, seedNames, wipe, type SeedName } from '../keys/seeds.js';
import { bringBack, divide, encodeShare, readShare, type SharedSeeds } from '../keys/shares.js';
import { mayReplaceRecord } from '../state/database.js';

/** The answer of `fl-worker key status --json`. */
export interface KeyStatus {
  readonly files: readonly { readonly file: string; readonly encryption: string }[];
  readonly former: readonly FormerVersion[];
  /** Whether a rotation has begun that did not end. */
  readonly rotating: boolean;
}

/** How the key files stand; nothing of what they hold. */
export async function keyStatus(config: WorkerConfig): Promise<KeyStatus> {
  const keys = keysFolder(config.state);
  const files = await Promise.all(seedFiles(config.state).map(async (file) => ({ file, encryption: await protectionOf(file) })));
  using lock = await openLock(config.keyProtection);
  return { files, former: await (await FormerKeys.read(keys, lock)).list(), rotating: await exists(nextFolder(keys)) };
}

/**
 * Divides the keys, and the seed of the site's chains (made here where no study has needed it yet, so that no share is without it), and writes one file a share, `MSPID-share-N.json`; an existing file is never overwritten.
 * @param now ms since 1970 UTC. @throws WorkerError as `divide` and `readSeeds`.
 */
export async function backUp(config: WorkerConfig, shares: number, threshold: number, to: string, now: number, random: RandomBytes): Promise<string[]> {
  using lock = await openLock(config.keyProtection);
  const seeds = { ...(await readSeeds(keysFolder(config.state), config.suites, lock)), chain: await chainSeed(config.state, random) };
  const parts = divide(config, seeds, shares, threshold, now, random);
  wipe(...Object.values(seeds));
  await mkdir(to, { recursive: true, mode: 0o700 });
  const files = parts.map((part) => ({ part, path: join(resolve(to), `${config.mspId}-share-${part.index}.json`) }));
  for (const { part, path } of files) await writeFile(path, encodeShare(part), { mode: 0o600, flag: 'wx' });
  return files.map(({ path }) => path);
}

/** A seed that shares bring back: where it belongs, and what encrypts it there. */
interface Place {
  readonly name: string;
  readonly path: string;
  readonly seed: Uint8Array;
  readonly lock: SeedLock | undefined;
}

function placesOf(state: string, seeds: SharedSeeds, lock: SeedLock | undefined): Place[] {
  const ofRecord = (Object.entries(seedNames) as [SeedName, string][]).map(([name, file]) => ({ name, path: join(keysFolder(state), file), seed: seeds[name], lock }));
  return seeds.chain === undefined ? ofRecord : [...ofRecord, { name: 'chain', path: chainFile(state), seed: seeds.chain, lock: undefined }];
}

async function holds({ name, path, seed, lock }: Place): Promise<boolean> {
  const there = await readSeed(path, name, seed.length, lock).catch(() => new Uint8Array());
  const same = there.length === seed.length && timingSafeEqual(there, seed);
  wipe(there);
  return same;
}

/**
 * Brings the key files back from share files; one that is there and holds the same seed stays as it is.
 * @returns the files made, and shares that were left out. @throws WorkerError KEY_FILE_INVALID where another key file is, SHARES_INVALID, STATE_IN_USE.
 */
export async function restore(config: WorkerConfig, paths: readonly string[], random: RandomBytes): Promise<{ made: string[]; refused: readonly string[] }> {
  mayReplaceRecord(config.state);
  const shares = new Map(await Promise.all(paths.map(async (path) => [basename(path), readShare(path, await readFile(path))] as const)));
  const { seeds, refused } = bringBack(config, shares);
  using lock = await openLock(config.keyProtection);
  const places = placesOf(config.state, seeds, lock);
  const missing: Place[] = [];
  for (const place of places) {
    if (!(await exists(place.path))) missing.push(place);
    else if (!(await holds(place))) throw new WorkerError('KEY_FILE_INVALID', `${place.path} is there already, and is not what the shares bring back`, { remedy: 'Nothing is overwritten: move it away first, if it is sure that it is of no use.' });
  }
  await mkdir(keysFolder(config.state), { recursive: true, mode: 0o700 });
  for (const place of missing) await writeSeed(place.path, place.name, place.seed, place.lock, random);
  wipe(...places.map(({ seed }) => seed));
  return { made: missing.map(({ path }) => path), refused };
}

/** Encrypts all key files as the configuration says. @param was configuration with another keyProtection until now. @throws WorkerError as `protectSeeds`, STATE_IN_USE. */
export async function protect(config: WorkerConfig, was: WorkerConfig | undefined, random: RandomBytes): Promise<string[]> {
  mayReplaceRecord(config.state);
  using before = await openLock(was?.keyProtection);
  using lock = await openLock(config.keyProtection);
  return await protectSeeds(keysFolder(config.state), [undefined, before], lock, random);
}

/** Destroys the keys of an earlier record by hand. @throws WorkerError NOT_INITIALISED where there are none, STATE_IN_USE. */
export async function destroy({ state }: WorkerConfig, version: number, random: RandomBytes): Promise<void> {
  mayReplaceRecord(state);
  const keys = keysFolder(state);
  if (!(await versionsIn(keys)).includes(version)) throw new WorkerError('NOT_INITIALISED', `there are no keys of version ${version}`, { remedy: 'fl-worker key status lists what is there.' });
  await destroyVersion(keys, version, random);
}
