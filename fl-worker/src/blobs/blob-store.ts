/** A folder of blobs named by their digests: what stands under a name has that digest, also after a crash. */
import { mkdirSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, type Digest } from '@epione/protocol';

/** The name of a blob as others write it. */
export const isBlobName = (text: string): text is Digest => /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);

/** Sealed updates and models of one site. */
export class BlobStore {
  readonly #folder: string;
  #serial = 0;

  /** @param folder made when missing, readable by its owner only. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  #path(digest: Digest): string {
    return join(this.#folder, digest.replace(':', '-'));
  }

  /** Keeps bytes; they are on the disk when the digest is returned. */
  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    const draft = join(this.#folder, `draft-${process.pid}-${this.#serial++}`);
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#path(digest));
    const folder = await open(this.#folder, 'r');
    await folder.sync();
    await folder.close();
    return digest;
  }

  /** The bytes under a digest; undefined when they are not here, or no longer have it: others may have them whole. */
  async get(digest: Digest): Promise<Uint8Array | undefined> {
    try {
      const bytes = new Uint8Array(await readFile(this.#path(digest)));
      return digestOf(bytes) === digest ? bytes : undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
