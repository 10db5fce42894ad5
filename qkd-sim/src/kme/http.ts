/** HTTPS as the key servers speak it: TLS 1.3 with post-quantum key exchange, both sides with a certificate. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { TLSSocket } from 'node:tls';
import { QkdError, messageOf } from '../error.js';
import type { SiteConfig } from '../config.js';

/** The one group for key exchange: X25519 with ML-KEM-768. */
export const KEY_EXCHANGE = 'X25519MLKEM768';
const MAX_BODY_BYTES = 1 << 20;

/** An answer with a status and a JSON body. */
export interface Answer {
  readonly status: 200 | 202 | 400 | 401 | 503;
  readonly body: object;
}

/** An Error of ETSI GS QKD 014, section 6.5. */
export const refusal = (status: 400 | 401 | 503, message: string): Answer => ({ status, body: { message } });

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

/** Callers by connection: a certificate is parsed once. */
const callers = new WeakMap<object, string>();

/** The common name of the caller's certificate, which is its SAE ID or KME ID; empty when it has none. */
export const callerOf = (request: IncomingMessage): string => {
  const { socket } = request;
  let caller = callers.get(socket) ?? '';
  if (caller === '' && socket instanceof TLSSocket) {
    // Node types the subject as present, but a certificate may have none, or several names.
    const name: unknown = (socket.getPeerCertificate() as { subject?: { CN?: unknown } }).subject?.CN;
    caller = typeof name === 'string' ? name : '';
    callers.set(socket, caller);
  }
  return caller;
};

/** The JSON body of a request; undefined when it is empty. @throws SyntaxError when it is not JSON, or too long */
export const readBody = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new SyntaxError('the body is too long');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8').trim();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};

/** Sends an answer. */
export const reply = (response: ServerResponse, { status, body }: Answer): void => {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, 'cache-control': 'no-store' }).end(bytes);
};
