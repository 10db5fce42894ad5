/** HTTPS as all services of a site speak it: mutual TLS 1.3 with a post-quantum key exchange, bounded answers, deadlines. */
import { readFile } from 'node:fs/promises';
import { Agent, request, type RequestOptions } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
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

/** An answer with any status. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  /** The server's clock, ms since 1970 UTC, where it tells. */
  readonly time?: number;
}

const agentOf = (tls: Tls): Agent => new Agent({ ...tls, keepAlive: true, maxSockets: 8 });

/** Asks HTTPS servers under one TLS identity; connections are kept between requests. */
export class HttpsClient implements Disposable {
  #agent: Agent;
  readonly #timeoutMs: number;

  /** @param timeoutMs for each whole request. */
  constructor(tls: Tls, timeoutMs: number) {
    this.#agent = agentOf(tls);
    this.#timeoutMs = timeoutMs;
  }

  /** Takes another certificate or other authorities for requests from now on. */
  renew(tls: Tls): void {
    this.#agent.destroy();
    this.#agent = agentOf(tls);
  }

  /**
   * One request.
   * @param maxBytes a longer answer is an error.
   * @throws Error of the socket, of TLS, of the deadline or of the size.
   */
  async ask(url: URL, maxBytes: number, body?: string): Promise<Answer> {
    const options: RequestOptions = { agent: this.#agent, method: body === undefined ? 'GET' : 'POST', signal: AbortSignal.timeout(this.#timeoutMs) };
    if (body !== undefined) options.headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const call = request(url, options, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > maxBytes) response.destroy(new Error(`the answer is longer than ${maxBytes} bytes`));
          else parts.push(part);
        });
        response.on('end', () => {
          const time = Date.parse(response.headers.date ?? '');
          resolve({ status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(parts)), ...(Number.isNaN(time) ? {} : { time }) });
        });
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
