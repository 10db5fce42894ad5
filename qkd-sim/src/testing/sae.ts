/** An application with a certificate, for the tests of this package. */
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { KEY_EXCHANGE } from '../kme/http.js';
import type { TlsFiles } from './test-authority.js';

/** What a key server answered. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: { keys?: { key_ID: string; key: string; key_extension?: object }[]; message?: string; details?: object[] } & Record<string, unknown>;
}

export class Sae {
  readonly #agent: Agent;

  constructor(files: TlsFiles) {
    this.#agent = new Agent({
      cert: readFileSync(files.certificateFile), key: readFileSync(files.privateKeyFile), ca: readFileSync(files.caFile),
      minVersion: 'TLSv1.3', ecdhCurve: KEY_EXCHANGE, keepAlive: true,
    });
  }

  /** GET, or POST with a body: a document, or text as it is. */
  async call(url: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(url, { agent: this.#agent, method, timeout: 10_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(Buffer.concat(chunks).toString()) as Reply['body'] });
        });
      });
      sent.on('timeout', () => { sent.destroy(new Error('no answer')); });
      sent.on('error', reject);
      sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
