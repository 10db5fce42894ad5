/** A folder of blobs named by their digests: what stands under a name had that digest when it was written; after a power cut this holds of what was made here. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { draftOwner, FileSource, writeWhole, type Written } from '@epione/client';
import { WorkerError } from '../error.js';
import { hashName, type Digest, type HashName, type Pieces } from '@epione/protocol';

/** The name of a blob as others write it. */
export const isBlobName = (text: string): text is Digest => /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);

const fileName = (digest: Digest): string => digest.replace(':', '-');

/** A blob as it lies here. */
export interface StoredBlob {
  readonly digest: Digest;
  readonly bytes: number;
}

/** Whether another process may still be writing; one before this may have had the same number, as in a container. */
const isWriting = (pid: number): boolean => {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Sealed updates and models of one site. */
export class BlobStore {
  readonly #folder: string;
  readonly #quota: number;
  #used: number;

  /**
   * @param folder made when missing, readable by its owner only; drafts of processes that have ended are removed.
   * @param quota most bytes of all blobs together.
   */
  constructor(folder: string, quota = Infinity) {
    this.#folder = folder;
    this.#quota = quota;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of readdirSync(folder)) {
      const owner = draftOwner(file);
      if (owner !== undefined && !isWriting(owner)) rmSync(join(folder, file), { force: true });
    }
    this.#used = quota === Infinity ? 0 : readdirSync(folder).reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
  }

  /** Passes pieces on as long as there is room for them. What fails keeps its room until the next start: a quota is no exact measure. */
  async *#within(pieces: Pieces): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      if (this.#used + piece.length > this.#quota) {
        throw new WorkerError('DISK_QUOTA', `the blobs in ${this.#folder} take ${Math.ceil(this.#used / 1e6)} MB, and ${Math.floor(this.#quota / 1e6)} MB are allowed`, { remedy: 'Raise limits.diskMb, or make room: fl-worker study tidy removes blobs of a study that has ended.' });
      }
      this.#used += piece.length;
      yield piece;
    }
  }

  /**
   * Keeps bytes that come in pieces. Those made here are on the disk when this returns; those of others can be had again, and wait for no disk.
   * @param named the digest that others' bytes must have, else they are not kept; or the hash function of the digest that own ones get.
   * @throws what `pieces` throws; Error for another digest; WorkerError DISK_QUOTA.
   */
  write(pieces: Pieces, named: Digest | HashName = 'sha256'): Promise<Written> {
    return writeWhole(this.#folder, this.#within(pieces), ({ digest }) => {
      if (isBlobName(named) && digest !== named) throw new Error(`the bytes have the digest ${digest}, not ${named}`);
      return fileName(digest);
    }, isBlobName(named) ? hashName(named) : named, !isBlobName(named));
  }

  /** Keeps bytes that are in memory. */
  async put(bytes: Uint8Array, algorithm?: HashName): Promise<Digest> {
    return (await this.write([bytes], algorithm)).digest;
  }

  /** All blobs, by name. */
  list(): StoredBlob[] {
    return readdirSync(this.#folder).sort().flatMap((file) => {
      const digest = file.replace('-', ':');
      const bytes = statSync(join(this.#folder, file), { throwIfNoEntry: false })?.size;
      return isBlobName(digest) && bytes !== undefined ? [{ digest, bytes }] : [];
    });
  }

  /** Removes a blob, if it is here; who reads it at this moment reads on. */
  remove(digest: Digest): void {
    const path = join(this.#folder, fileName(digest));
    this.#used -= this.#quota === Infinity ? 0 : statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    rmSync(path, { force: true });
  }

  /** A blob as it lies here, not looked through, for one who checks its digest; undefined when it is not here. Disposing closes it. */
  async find(digest: Digest): Promise<FileSource | undefined> {
    try {
      return await FileSource.open(join(this.#folder, fileName(digest)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** A blob that was looked through; undefined when it is not here, or no longer has its digest or cannot be read: others may have it whole. Disposing closes it. */
  async open(digest: Digest): Promise<FileSource | undefined> {
    const file = await this.find(digest);
    if (file === undefined || (await file.digest(hashName(digest)).catch(() => undefined)) === digest) return file;
    await file[Symbol.asyncDispose]();
    return undefined;
  }

  /** The bytes under a digest in memory; undefined as `open`. */
  async get(digest: Digest): Promise<Uint8Array | undefined> {
    await using file = await this.open(digest);
    return await file?.all();
  }
}
