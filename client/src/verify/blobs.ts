/** Blobs in folders: every file is what its name says, and every sealed update is the one that its submission speaks of. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertHeaderOf, CodedError, hashName, readStored, type Digest, type HashName } from '@epione/protocol';
import { UsageError } from '../ledger/faults.js';
import { FileSource } from '../sealed/file-source.js';
import type { RoundFound } from './rounds.js';
import type { Report } from './report.js';

/** A blob's file name: its digest, `-` or `:` after the algorithm. */
const blobName = /^(sha256[-:][0-9a-f]{64}|sha512[-:][0-9a-f]{128})$/;

/** Where each blob lies; several sites may hold a copy. */
export class Blobs {
  readonly #files = new Map<Digest, string[]>();
  readonly #found = new Map<string, Digest>();

  /** Lists the blobs of folders; other files are passed over. @throws UsageError for a folder that cannot be read. */
  static async in(folders: readonly string[]): Promise<Blobs> {
    const blobs = new Blobs();
    for (const folder of folders) {
      const names = await readdir(folder).catch((cause: unknown) => {
        throw new UsageError(`cannot read the blob folder ${folder}`, { cause });
      });
      for (const name of names.sort()) {
        if (!blobName.test(name)) continue;
        const digest = name.replace('-', ':') as Digest;
        blobs.#files.set(digest, [...(blobs.#files.get(digest) ?? []), join(folder, name)]);
      }
    }
    return blobs;
  }

  get digests(): readonly Digest[] {
    return [...this.#files.keys()];
  }

  /** All copies of a blob and the digest that each really has, one after the other; they need not be equal. */
  async *copies(digest: Digest): AsyncGenerator<{ path: string; found: Digest }, void, undefined> {
    for (const path of this.#files.get(digest) ?? []) yield { path, found: await this.#digestOf(path, hashName(digest)) };
  }

  /** Read once for all checks: what changes afterwards is found when it is opened. */
  async #digestOf(path: string, algorithm: HashName): Promise<Digest> {
    const known = this.#found.get(path);
    if (known !== undefined) return known;
    await using file = await FileSource.open(path);
    const digest = await file.digest(algorithm);
    this.#found.set(path, digest);
    return digest;
  }

  /** A blob where it lies; undefined when no folder holds it whole. Disposing closes it. */
  async open(digest: Digest): Promise<FileSource | undefined> {
    for await (const { path, found } of this.copies(digest)) if (found === digest) return FileSource.open(path);
    return undefined;
  }

  /** A blob's bytes in memory; undefined as `open`. */
  async get(digest: Digest): Promise<Uint8Array | undefined> {
    await using blob = await this.open(digest);
    return await blob?.all();
  }
}

/** Check `blob.digest`: no stored blob was changed, and none of a sealed set is missing. */
export async function checkDigests(blobs: Blobs, rounds: readonly RoundFound[], report: Report): Promise<void> {
  for (const digest of blobs.digests) {
    for await (const { path, found } of blobs.copies(digest)) if (found !== digest) report.fail('blob.digest', digest, `the bytes of ${path} have another digest`);
  }
  const held = new Set(blobs.digests);
  for (const { state, round } of rounds) {
    const members = new Set('set' in state ? state.set.map((entry) => entry.digest) : []);
    for (const { digest, statement } of round.submitted) {
      if (members.has(digest) && !held.has(statement.blob)) report.fail('blob.digest', statement.blob, `BLOB_MISSING: the update of ${statement.participant} in round ${statement.round} is in no folder`);
    }
  }
  report.pass('blob.digest', `${held.size} blobs`);
}

/** Check `blob.header`: header and statement name the same study, round, sender, recipients, suites and key_IDs. */
export async function checkHeaders(blobs: Blobs, rounds: readonly RoundFound[], report: Report): Promise<void> {
  for (const { digest, statement } of rounds.flatMap(({ round }) => round.submitted)) {
    await using blob = await blobs.open(statement.blob);
    if (blob === undefined) continue;
    try {
      if (blob.length !== statement.blobBytes) throw new CodedError('BLOB_MISMATCH', `the blob has ${blob.length} bytes, not ${statement.blobBytes}`);
      assertHeaderOf(statement, (await readStored(blob)).header);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      report.fail('blob.header', statement.blob, `of submission ${digest}: ${error.message}`);
    }
  }
  report.pass('blob.header');
}
