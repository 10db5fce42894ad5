/** Keys of a site's earlier records: kept while a round may hold something that was sealed to them, then destroyed (PROTOCOL section 2, rotation). */
import { copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalText, decodeCanonical, kemLengths, kemSuite, newKemKeys, parse, toBase64Url, type KemKeys, type KemSuite } from '@epione/protocol';
import { z } from 'zod';
import { destroyFile, exists, readSeed } from './seed-file.js';
import type { RandomBytes, SeedLock } from './seed-lock.js';

const note = z.strictObject({
  kemSuite,
  /** Studies, by the names of their state files, in which a round may need the key. */
  neededBy: z.array(z.string().regex(/^[0-9a-f]{16}$/)),
  /** When the ledger took the record that came after, ms since 1970 UTC; absent before. */
  replacedAt: z.int().min(0).optional(),
});
type Note = z.infer<typeof note>;

const folderForm = /^version-([1-9][0-9]*)$/;
const files = { signing: 'signing.seed', kem: 'kem.seed', note: 'former.json' } as const;

async function writeNote(folder: string, content: Note): Promise<void> {
  const draft = join(folder, `${files.note}.draft`);
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(canonicalText(content));
  await file.sync();
  await file.close();
  await rename(draft, join(folder, files.note));
}

/** A folder of an earlier record; undefined for one that was put aside by hand or before this version. @throws CodedError BAD_FIELD. */
async function readNote(folder: string): Promise<Note | undefined> {
  const bytes = await readFile(join(folder, files.note)).catch(() => undefined);
  return bytes === undefined ? undefined : parse(note, decodeCanonical(bytes), files.note);
}

/** Numbers of the records that have a folder, ascending. */
export async function versionsIn(keys: string): Promise<number[]> {
  const names = await readdir(keys).catch(() => []);
  return names.flatMap((name) => folderForm.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b);
}

/** The folder of an earlier record's keys. */
export const folderOf = (keys: string, version: number): string => join(keys, `version-${version}`);

/** Copies the key files of a record to a folder of their own, before others take their place. @param keys folder of the site's keys. */
export async function putAside(keys: string, version: number, suite: KemSuite, neededBy: readonly string[]): Promise<void> {
  const folder = folderOf(keys, version);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of [files.signing, files.kem]) if (await exists(join(keys, name)) && !(await exists(join(folder, name)))) await copyFile(join(keys, name), join(folder, name));
  await writeNote(folder, { kemSuite: suite, neededBy: [...neededBy] });
}

/** Destroys all that is left of an earlier record. @throws nothing where there is nothing. */
export async function destroyVersion(keys: string, version: number, random: RandomBytes): Promise<void> {
  const folder = folderOf(keys, version);
  for (const name of [files.signing, files.kem]) await destroyFile(join(folder, name), random);
  await rm(folder, { recursive: true, force: true });
}

/**
 * The ledger has the record that comes after: nothing is signed with earlier keys any more, and only what was sealed before needs them.
 * @param at the ledger's time of the new record, ms. @param current version of the new record.
 */
export async function replaceVersions(keys: string, current: number, at: number, random: RandomBytes): Promise<void> {
  for (const version of await versionsIn(keys)) {
    const folder = folderOf(keys, version);
    const found = await readNote(folder);
    if (found === undefined || version >= current) continue;
    await destroyFile(join(folder, files.signing), random);
    if (found.neededBy.length === 0) await destroyVersion(keys, version, random);
    else if (found.replacedAt === undefined) await writeNote(folder, { ...found, replacedAt: at });
  }
}

/** One line of `key status`. */
export interface FormerVersion {
  readonly version: number;
  readonly neededBy: readonly string[];
  readonly replacedAt?: number | undefined;
}

/** The decapsulation keys of earlier records. */
export class FormerKeys {
  readonly #keys: string;
  readonly #pairs: Map<number, KemKeys>;

  private constructor(keys: string, pairs: Map<number, KemKeys>) {
    this.#keys = keys;
    this.#pairs = pairs;
  }

  /** Reads what is there. @param keys folder of the site's keys. @throws WorkerError KEY_FILE_INVALID. */
  static async read(keys: string, lock: SeedLock | undefined): Promise<FormerKeys> {
    const pairs = new Map<number, KemKeys>();
    for (const version of await versionsIn(keys)) {
      const folder = folderOf(keys, version);
      const found = await readNote(folder);
      if (found === undefined || !(await exists(join(folder, files.kem)))) continue;
      const seed = await readSeed(join(folder, files.kem), 'kem', kemLengths[found.kemSuite].seed, lock);
      pairs.set(version, newKemKeys(found.kemSuite, seed));
      seed.fill(0);
    }
    return new FormerKeys(keys, pairs);
  }

  /** The pair of an encapsulation key, base64url; undefined when it is not, or no longer, here. */
  find(encapsulationKey: string): KemKeys | undefined {
    return [...this.#pairs.values()].find((pair) => toBase64Url(pair.encapsulationKey) === encapsulationKey);
  }

  /** What is kept, and for which studies. */
  async list(): Promise<FormerVersion[]> {
    const found = await Promise.all((await versionsIn(this.#keys)).map(async (version) => ({ version, ...(await readNote(folderOf(this.#keys, version))) })));
    return found.map(({ version, neededBy = [], replacedAt }) => ({ version, neededBy, replacedAt }));
  }

  /**
   * A round of a study has ended: keys that were replaced before it opened are needed by this study no more, because rounds follow one
   * another; and by no study, they are destroyed.
   * @param study name of its state file. @param openedAt the round's, ledger's time, ms; infinite when the study is over.
   * @returns the versions that were destroyed.
   */
  async letGo(study: string, openedAt: number, random: RandomBytes): Promise<number[]> {
    const destroyed: number[] = [];
    for (const version of this.#pairs.keys()) {
      const folder = folderOf(this.#keys, version);
      const found = await readNote(folder);
      if (found?.replacedAt === undefined || found.replacedAt >= openedAt) continue;
      const neededBy = found.neededBy.filter((name) => name !== study);
      if (neededBy.length > 0) {
        await writeNote(folder, { ...found, neededBy });
        continue;
      }
      await destroyVersion(this.#keys, version, random);
      this.#pairs.delete(version);
      destroyed.push(version);
    }
    return destroyed;
  }
}
