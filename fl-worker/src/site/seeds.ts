/** A site's secret keys, kept as seeds in files that only their owner may read. */
import { chmod, mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { newKemKeys, newSigner, signatureLengths, kemLengths, type KemKeys, type KemSuite, type SignatureSuite, type Signer } from '@epione/protocol';
import { WorkerError } from '../error.js';

/** Bytes from a cryptographic source. */
export type RandomBytes = (length: number) => Uint8Array;

/** The keys that an organization signs and decapsulates with. */
export interface SiteKeys {
  readonly signer: Signer;
  readonly kem: KemKeys;
}

const fileOf = { signing: 'signing.seed', kem: 'kem.seed' } as const;

/** Where the seeds lie. */
export const seedFiles = (state: string): string[] => Object.values(fileOf).map((name) => join(state, 'keys', name));

/** Group and others must not have any right. */
export const isPrivate = (mode: number): boolean => (mode & 0o077) === 0;

async function readSeed(path: string, length: number): Promise<Uint8Array> {
  const { mode } = await stat(path).catch((cause: unknown) => {
    throw new WorkerError('NOT_INITIALISED', `there is no key file ${path}`, { cause, remedy: 'Run fl-worker init first.' });
  });
  if (!isPrivate(mode)) throw new WorkerError('KEY_FILE_INVALID', `${path} can be read by others`, { remedy: `chmod 600 ${path}` });
  const text = (await readFile(path, 'utf8')).trim();
  if (!new RegExp(`^[0-9a-f]{${2 * length}}$`).test(text)) throw new WorkerError('KEY_FILE_INVALID', `${path} does not hold ${length} bytes in hex`, { remedy: 'Restore it from a backup; with a new seed the site needs a new record.' });
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Writes a seed that does not exist yet; it is on the disk before anybody is told its public half. */
async function writeSeed(path: string, seed: Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(`${Buffer.from(seed).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(draft, 0o600);
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  await folder.sync();
  await folder.close();
}

/**
 * The site's keys from its seed files.
 * @throws WorkerError NOT_INITIALISED, KEY_FILE_INVALID.
 */
export async function readKeys(state: string, signature: SignatureSuite, kem: KemSuite): Promise<SiteKeys> {
  const signing = await readSeed(join(state, 'keys', fileOf.signing), signatureLengths[signature].seed);
  const kemSeed = await readSeed(join(state, 'keys', fileOf.kem), kemLengths[kem].seed);
  return { signer: newSigner(signature, signing), kem: newKemKeys(kem, kemSeed) };
}

/** Puts the seed files aside: what was sealed to them may have to be opened, but nothing is signed with them any more. */
export async function retireSeeds(state: string, name: string): Promise<void> {
  const folder = join(state, 'keys', name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const file of seedFiles(state)) await rename(file, join(folder, basename(file)));
}

/** Makes the seed files that are missing; existing ones are never touched. @returns the files made. */
export async function makeSeeds(state: string, signature: SignatureSuite, kem: KemSuite, random: RandomBytes): Promise<string[]> {
  const made: string[] = [];
  for (const [name, length] of [[fileOf.signing, signatureLengths[signature].seed], [fileOf.kem, kemLengths[kem].seed]] as const) {
    const path = join(state, 'keys', name);
    const exists = await stat(path).then(() => true, () => false);
    if (exists) continue;
    await writeSeed(path, random(length));
    made.push(path);
  }
  return made;
}
