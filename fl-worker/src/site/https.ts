/** HTTPS as all services of a site speak it: mutual TLS 1.3 with a post-quantum key exchange, bounded answers, deadlines. */
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { SecureContextOptions } from 'node:tls';
import { agentProxy, proxyFor, type ProxyEnv } from '@epione/client';
import { WorkerError } from '../error.js';
import type { Report } from '../progress.js';

/** Files of one party's TLS identity, PEM. */
export interface TlsFiles {
  readonly certificate: string;
  readonly privateKey: string;
  /** Certificates of the authorities whose parties are trusted. */
  readonly ca: string;
}

/** TLS settings for client and server alike; other key exchanges than X25519MLKEM768 are refused on both sides. */
export type Tls = Required<Pick<SecureContextOptions, 'cert' | 'key' | 'ca' | 'minVersion' | 'ecdhCurve'>>;

/** Reads TLS files. @throws WorkerError CONFIG_INVALID naming the file that cannot be read. */
export async function readTls({ certificate, privateKey, ca }: TlsFiles): Promise<Tls> {
  const read = (file: string): Promise<Buffer> =>
    readFile(file).catch((cause: unknown) => {
      throw new WorkerError('CONFIG_INVALID', `cannot read ${file}`, { cause, remedy: 'Correct the file name in the configuration or its permissions.' });
    });
  const [cert, key, authorities] = await Promise.all([read(certificate), read(privateKey), read(ca)]);
  return { cert, key, ca: authorities, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' };
}

/**
 * Watches TLS files, so that a renewed certificate or a new member's authority needs no new start.
 * @returns a function that reads them and hands changed ones to their users; files that do not fit together yet are left for the next call.
 */
export function watchTls(files: TlsFiles, users: readonly { renew(tls: Tls): void }[], report: Report): () => Promise<void> {
  let last: string | undefined;
  return async () => {
    try {
      const tls = await readTls(files);
      const now = JSON.stringify(tls);
      if (last !== undefined && now !== last) for (const user of users) user.renew(tls);
      last = now;
    } catch (error) {
      report('certificates not renewed', { message: (error as Error).message });
    }
  };
}

/** What stands before an answer's body. */
export interface AnswerHead {
  readonly status: number;
  /** The server's clock, ms since 1970 UTC, where it tells. */
  readonly time?: number;
}

/** An answer with any status. */
export interface Answer extends AnswerHead {
  readonly body: Uint8Array;
}

function headOf({ statusCode, headers }: IncomingMessage): AnswerHead {
  const time = Date.parse(headers.date ?? '');
  return { status: statusCode ?? 0, ...(Number.isNaN(time) ? {} : { time }) };
}

/** So many bytes of an answer earn it the time of another request: an answer may be long, but not slow. */
const bytesPerDeadline = 16 * 1024 * 1024;

/** The body, up to a size. @param advance called for each `bytesPerDeadline` of it. */
async function* bounded(response: IncomingMessage, maxBytes: number, advance: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  let [size, earned] = [0, bytesPerDeadline];
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    for (; size >= earned; earned += bytesPerDeadline) advance();
    yield part;
  }
}

const agentOf = (tls: Tls, proxy: URL | undefined): Agent => new Agent({ ...tls, keepAlive: true, maxSockets: 8, ...agentProxy(proxy) });

/** Asks HTTPS servers under one TLS identity; connections are kept between requests. */
export class HttpsClient implements Disposable {
  #tls: Tls;
  /** By the address of the proxy on the way; empty for none. */
  readonly #agents = new Map<string, Agent>();
  readonly #timeoutMs: number;
  readonly #proxyEnv: ProxyEnv;

  /**
   * @param timeoutMs for each request, and again for every 16 MiB of its answer.
   * @param proxyEnv HTTPS_PROXY and NO_PROXY; TLS is end to end also through a proxy.
   */
  constructor(tls: Tls, timeoutMs: number, proxyEnv: ProxyEnv = process.env) {
    this.#tls = tls;
    this.#timeoutMs = timeoutMs;
    this.#proxyEnv = proxyEnv;
  }

  #agentTo(url: URL): Agent {
    const proxy = proxyFor(url, this.#proxyEnv);
    const key = proxy?.href ?? '';
    const agent = this.#agents.get(key) ?? agentOf(this.#tls, proxy);
    this.#agents.set(key, agent);
    return agent;
  }

  /** Takes another certificate or other authorities for requests from now on. */
  renew(tls: Tls): void {
    this[Symbol.dispose]();
    this.#tls = tls;
  }

  /** One request. @throws Error as `receive`. */
  async ask(url: URL, maxBytes: number, body?: string): Promise<Answer> {
    return this.receive(url, maxBytes, async (head, pieces) => ({ ...head, body: new Uint8Array(await buffer(pieces)) }), body);
  }

  /**
   * One request whose answer is taken piece by piece.
   * @param maxBytes a longer answer is an error.
   * @param take what it leaves of the answer is not read.
   * @throws Error of the socket, of TLS, of the deadline or of the size; what `take` throws.
   */
  async receive<T>(url: URL, maxBytes: number, take: (head: AnswerHead, pieces: AsyncIterable<Uint8Array>) => Promise<T>, body?: string): Promise<T> {
    const deadline = new AbortController();
    const timer = setTimeout(() => { deadline.abort(new Error(`no answer within ${this.#timeoutMs} ms`)); }, this.#timeoutMs);
    try {
      const response = await this.#send(url, deadline.signal, body);
      try {
        return await take(headOf(response), bounded(response, maxBytes, () => timer.refresh()));
      } finally {
        if (response.headers['content-length'] === '0') response.resume();
        else if (!response.readableEnded) response.destroy();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(url: URL, signal: AbortSignal, body: string | undefined): Promise<IncomingMessage> {
    const options: RequestOptions = { agent: this.#agentTo(url), method: body === undefined ? 'GET' : 'POST', signal };
    if (body !== undefined) options.headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const call = request(url, options, (response) => {
        response.on('error', () => undefined); // told to whoever reads the body
        resolve(response);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}
