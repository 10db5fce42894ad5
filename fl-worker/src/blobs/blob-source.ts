/** Where blobs come from: the own store first, then the other members' servers, and whatever comes is kept and served on. */
import { digestOf, LIMITS, type Digest } from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { HttpsClient, Tls } from '../site/https.js';
import type { BlobStore } from './blob-store.js';

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
   * The bytes under a digest; bytes of another digest count as not there.
   * @param blobUrls `blobUrl` of the members that should have it, the likeliest first; not read when the bytes are here already.
   * @throws WorkerError BLOB_MISSING when nobody gives bytes with this digest.
   */
  async get(digest: Digest, blobUrls: AsyncIterable<string> | Iterable<string>): Promise<Uint8Array> {
    const own = await this.#store.get(digest);
    if (own !== undefined) return own;
    for await (const url of blobUrls) {
      const answer = await this.#client.ask(new URL(`${url.replace(/\/*$/, '/')}${digest}`), Math.min(LIMITS.blobBytes, 2 ** 31 - 1)).catch(() => undefined);
      if (answer?.status !== 200 || digestOf(answer.body) !== digest) continue;
      await this.#store.put(answer.body);
      return answer.body;
    }
    throw new WorkerError('BLOB_MISSING', `no member gives the blob ${digest}`);
  }
}
