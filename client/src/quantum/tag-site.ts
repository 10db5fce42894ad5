/** A peer organization's messages as its worker serves them beside its blobs: `GET <blobUrl>/tags/<from>-to-<to>/<sequence>.json`. */
import { Agent, get } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { agentProxy, proxyFor, type TlsIdentity } from '../etsi-qkd-014/index.js';
import { messagePath, mostMessageBytes, type TagSource } from './tag-folder.js';

export class TagSite implements TagSource, Disposable {
  readonly #url: URL;
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  /** @param url where the peer serves its blobs. */
  constructor(url: string, tls: TlsIdentity, timeoutMs = 10_000) {
    this.#url = new URL(url.endsWith('/') ? url : `${url}/`);
    this.#agent = new Agent({ ...tls, keepAlive: true, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768', ...agentProxy(proxyFor(this.#url, process.env)) });
    this.#timeoutMs = timeoutMs;
  }

  /** A message; undefined while there is none, and while the peer does not answer: a watch tells silence. */
  async get(from: string, to: string, sequence: number): Promise<string | undefined> {
    const path = messagePath(from, to, sequence).map(encodeURIComponent).join('/');
    return this.#fetch(new URL(`tags/${path}`, this.#url)).catch(() => undefined);
  }

  async #fetch(url: URL): Promise<string | undefined> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    return new Promise((resolve, reject) => {
      get(url, { agent: this.#agent, signal }, (response) => {
        if (response.statusCode !== 200 || Number(response.headers['content-length'] ?? Infinity) > mostMessageBytes) {
          response.destroy();
          resolve(undefined);
          return;
        }
        buffer(response).then((bytes) => { resolve(bytes.toString('utf8')); }, reject);
      }).on('error', reject);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
