/** Where blobs come from: the own store first, then the other members' servers, and whatever comes is kept and served on. */
import type { FileSource } from '@epione/client';
import { LIMITS, type Digest } from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { HttpsClient, Tls } from '../site/https.js';
import type { BlobStore } from './blob-store.js';

/** Trouble with the own disk, which is no other member's. */
const ownFault: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO', 'EMFILE']);

/** Fetches blobs by digest. */
export class BlobSource {
  readonly #store: BlobStore;
  readonly #client: HttpsClient;

  constructor(store: BlobStore, client: HttpsClient) {
    this.#store = store;
    this.#client = client;
  }

  /** Takes another certificate or other authorities for requests from now on. */
  renew(tls: Tls): void {
    this.#client.renew(tls);
  }

  /** What a member serves under a path of its own. @throws WorkerError BLOB_MISSING. */
  async slot(blobUrl: string, path: string): Promise<Uint8Array> {
    const answer = await this.#client.ask(new URL(path, blobUrl.replace(/\/*$/, '/')), LIMITS.blobHeaderBytes).catch(() => undefined);
    if (answer?.status !== 200) throw new WorkerError('BLOB_MISSING', `${blobUrl} serves nothing there`);
    return answer.body;
  }

  /**
   * The blob of a digest where it lies here, fetched before if need be; disposing closes it. Bytes of another digest count as not there.
   * @param blobUrls `blobUrl` of the members that should have it, the likeliest first; not read when the blob is here already.
   * @throws WorkerError BLOB_MISSING when nobody gives bytes with this digest; Error of the own disk.
   */
  async open(digest: Digest, blobUrls: AsyncIterable<string> | Iterable<string>): Promise<FileSource> {
    const own = await this.#store.open(digest);
    if (own !== undefined) return own;
    for await (const url of blobUrls) {
      const fetched = (await this.#fetch(digest, url)) ? await this.#store.find(digest) : undefined;
      if (fetched !== undefined) return fetched;
    }
    throw new WorkerError('BLOB_MISSING', `no member gives the blob ${digest}`);
  }

  /** Keeps what a member gives, if it is the blob. */
  async #fetch(digest: Digest, blobUrl: string): Promise<boolean> {
    try {
      return await this.#client.receive(new URL(`${blobUrl.replace(/\/*$/, '/')}${digest}`), LIMITS.blobBytes, async ({ status }, pieces) => {
        if (status === 200) await this.#store.write(pieces, digest);
        return status === 200;
      });
    } catch (error) {
      if (ownFault.has((error as NodeJS.ErrnoException).code)) throw error;
      return false;
    }
  }

  /** The bytes of a blob in memory. @throws as `open`. */
  async get(digest: Digest, blobUrls: AsyncIterable<string> | Iterable<string>): Promise<Uint8Array> {
    await using file = await this.open(digest, blobUrls);
    return await file.all();
  }
}
