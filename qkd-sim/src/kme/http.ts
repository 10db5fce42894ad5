/** HTTPS as the key servers speak it: TLS 1.3 with post-quantum key exchange, both sides with a certificate. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { QkdError, messageOf } from '../error.js';
import type { SiteConfig } from '../config.js';

/** The one group for key exchange: X25519 with ML-KEM-768. */
export const KEY_EXCHANGE = 'X25519MLKEM768';
/** Of a body between key servers, and of the operator's. */
const MAX_BODY_BYTES = 1 << 23;

/** An answer with a status of the standard and a JSON body; or plain HTTP's own, to what is no method of it. */
export interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 404 | 405 | 503;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** An Error of ETSI GS QKD 014, section 6.5; with 401 as well, because clients parse every body. */
export const refusal = (status: 400 | 401 | 404 | 405 | 503, message: string, more: { readonly details?: readonly object[]; readonly headers?: Answer['headers'] } = {}): Answer => ({
  status, body: { message, ...(more.details !== undefined && { details: more.details }) }, ...(more.headers !== undefined && { headers: more.headers }),
});

/** The TLS settings of a site, for both of its roles. @throws QkdError CONFIG when a file is missing */
export const tlsOptions = ({ tls }: SiteConfig): { cert: Buffer; key: Buffer; ca: Buffer; minVersion: 'TLSv1.3'; ecdhCurve: string } => {
  const read = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (cause) {
      throw new QkdError('CONFIG', `${file} cannot be read: ${messageOf(cause)}`, { cause });
    }
  };
  return {
    cert: read(tls.certificateFile), key: read(tls.privateKeyFile), ca: read(tls.caFile), minVersion: 'TLSv1.3', ecdhCurve: KEY_EXCHANGE,
  };
};

/** A body that is no JSON, or too long. */
export class BadBody extends Error {}

/** The JSON body of a request; undefined when it is empty. @throws BadBody; what is left of the body is not read */
export const readBody = async (request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<unknown> => new Promise((resolve, reject) => {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length <= maxBytes) return;
    request.pause();
    reject(new BadBody(`the body is longer than ${maxBytes} bytes`));
  });
  request.once('error', reject);
  request.once('end', () => {
    const text = Buffer.concat(chunks).toString('utf8').trim();
    try {
      resolve(text === '' ? undefined : (JSON.parse(text) as unknown));
    } catch {
      // The parser's own message would show what was sent.
      reject(new BadBody('the body is not JSON'));
    }
  });
});

/** Sends an answer. */
export const reply = (response: ServerResponse, { status, body, headers }: Answer): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store', ...headers }).end(text);
};
