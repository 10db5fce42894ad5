/** One seed in one file that only its owner may read: encrypted, or in plain hex; written whole or not at all, destroyed by overwriting. */
import { chmod, open, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { canonicalText, CodedError, decodeCanonical, type Json } from '@epione/protocol';
import { z } from 'zod';
import { WorkerError } from '../error.js';
import { isPrivate, type LockedSeed, type RandomBytes, type SeedLock } from './seed-lock.js';

const hex = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const lockedSeed = z.strictObject({ box: z.string().regex(/^([0-9a-f]{2}){48,80}$/), iv: hex(12), lock: z.enum(['passphrase', 'keyFile', 'pkcs11']), salt: hex(16).optional() });

const invalid = (path: string, what: string, remedy: string, cause?: unknown): WorkerError => new WorkerError('KEY_FILE_INVALID', `${path} ${what}`, { remedy, cause });
const backup = 'Restore it from its shares (fl-worker key restore); with a new seed the site needs a new record.';

/** Whether a file is there. */
export const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);

/** What a key file is encrypted by; undefined for plain hex. @throws WorkerError KEY_FILE_INVALID for anything else. */
function lockedIn(path: string, bytes: Uint8Array): LockedSeed | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    return lockedSeed.parse(decodeCanonical(bytes.subarray(0, bytes.at(-1) === 0x0a ? -1 : undefined)));
  } catch {
    throw invalid(path, 'is no key file of this version', backup); // without the cause, which may repeat what it read
  }
}

async function privateBytes(path: string): Promise<Buffer> {
  const { mode } = await stat(path).catch((cause: unknown) => {
    throw new WorkerError('NOT_INITIALISED', `there is no key file ${path}`, { cause, remedy: 'Run fl-worker init first.' });
  });
  if (!isPrivate(mode)) throw invalid(path, 'can be read by others', `chmod 600 ${path}`);
  return readFile(path);
}

/** How a key file is protected. @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID. */
export async function protectionOf(path: string): Promise<LockedSeed['lock'] | 'none'> {
  const bytes = await privateBytes(path);
  const kind = lockedIn(path, bytes)?.lock ?? 'none';
  bytes.fill(0);
  return kind;
}

function plainSeed(path: string, bytes: Uint8Array, length: number): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').trim(); // a text cannot be wiped: encrypt the seeds
  if (!new RegExp(`^[0-9a-f]{${2 * length}}$`).test(text)) throw invalid(path, `does not hold ${length} bytes in hex`, backup);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/**
 * Reads a seed. The caller wipes it.
 * @param length in bytes.
 * @param lock that it must be encrypted by; undefined where the configuration has none.
 * @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID: never with a word of the file.
 */
export async function readSeed(path: string, name: string, length: number, lock: SeedLock | undefined): Promise<Uint8Array> {
  const bytes = await privateBytes(path);
  try {
    const locked = lockedIn(path, bytes);
    if (locked?.lock !== lock?.kind) {
      const [is, should] = [locked?.lock ?? 'nothing', lock?.kind ?? 'nothing'];
      throw invalid(path, `is encrypted by ${is}, and by the configuration it should be by ${should}`, 'Correct keyProtection, or run fl-worker key protect with the new configuration.');
    }
    if (locked === undefined || lock === undefined) return plainSeed(path, bytes, length);
    const seed = lock.unlock(locked, name);
    if (seed.length !== length) throw invalid(path, `does not hold ${length} bytes`, backup);
    return seed;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'UNOPENABLE') throw invalid(path, 'does not open under the configured keyProtection', 'Correct passphrase, key file or token; else restore the seeds from their shares.', error);
    throw error;
  } finally {
    bytes.fill(0);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync();
  await file.close();
}

/** Writes a seed, in place of what was there; it is on the disk before anybody is told its public half. */
export async function writeSeed(path: string, name: string, seed: Uint8Array, lock: SeedLock | undefined, random: RandomBytes): Promise<void> {
  const draft = `${path}.draft`;
  const bytes = Buffer.from(lock === undefined ? `${Buffer.from(seed.buffer, seed.byteOffset, seed.length).toString('hex')}\n` : `${canonicalText(lock.lock(seed, name, random) as unknown as Json)}\n`);
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
    bytes.fill(0);
  }
  await chmod(draft, 0o600);
  await rename(draft, path);
  await sync(dirname(path));
}

async function overwrite(file: FileHandle, random: RandomBytes): Promise<void> {
  const { size } = await file.stat();
  await file.write(random(size), 0, size, 0);
  await file.sync();
}

/** Writes a seed in place of another file of it, of which nothing stays. */
export async function replaceSeed(path: string, name: string, seed: Uint8Array, lock: SeedLock | undefined, random: RandomBytes): Promise<void> {
  const before = await open(path, 'r+');
  try {
    await writeSeed(path, name, seed, lock, random);
    await overwrite(before, random);
  } finally {
    await before.close();
  }
}

/** Overwrites a key file and removes it. What a disk keeps beside the file is out of reach: only an encrypted seed is surely gone with its key. */
export async function destroyFile(path: string, random: RandomBytes): Promise<void> {
  if (!(await exists(path))) return;
  const file = await open(path, 'r+');
  try {
    await overwrite(file, random);
  } finally {
    await file.close();
  }
  await rm(path);
}
