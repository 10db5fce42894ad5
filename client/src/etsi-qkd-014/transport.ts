/** HTTPS to one key management entity under one SAE's certificate: mutual TLS, one deadline a request, bounded answers. */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { checkServerIdentity, createSecureContext, TLSSocket, type PeerCertificate } from 'node:tls';
import { EtsiQkd014Error } from './error.js';
import { agentProxy, proxyFor, type ProxyEnv } from './proxy.js';

/** A party's TLS identity, PEM. */
export interface TlsIdentity {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
  /** Authorities whose key management entities are trusted. */
  readonly ca: string | Buffer;
}

/** How a connection was protected. */
export interface TlsConnection {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The group of the key exchange, such as `X25519MLKEM768`. */
  readonly group: string;
  readonly postQuantum: boolean;
}

export interface TransportOptions {
  /** Such as `https://kme.hospital:8443`; a path before `/api/v1` may follow. */
  readonly url: URL;
  /** Absent only where a test of a server connects without a certificate. */
  readonly tls: Omit<TlsIdentity, 'cert' | 'key'> & Partial<TlsIdentity>;
  /** The KME ID that the server's certificate must have as common name or among its alternative names (clause 5.1). */
  readonly kmeId?: string | undefined;
  /** Its presence allows TLS 1.2 and classical key exchange; it is told of each connection that makes use of that. */
  readonly onClassicalTls?: ((connection: TlsConnection) => void) | undefined;
  /** For each request. */
  readonly timeoutMs: number;
  /** Names an HTTP proxy on the way; the process's environment by default. */
  readonly proxyEnv?: ProxyEnv | undefined;
}

/** A whole answer with any status. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request without an answer. */
export class Unanswered extends Error {
  /** The server may have acted on the request. */
  readonly reached: boolean;
  /** The handshake ended by a decision of one side. */
  readonly refused: boolean;

  constructor(message: string, cause: Error, reached: boolean, refused: boolean) {
    super(message, { cause });
    this.reached = reached;
    this.refused = refused;
  }
}

const postQuantumGroups = ['X25519MLKEM768', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024'];
const classicalGroups = ['X25519', 'P-256', 'P-384', 'P-521'];
const maxAnswerBytes = 4 << 20;

/** Idle connections are closed before servers usually do it (5 s): a request on one that the server is closing would end without an answer. */
const idleMs = 2000;

/** The alert in a message of OpenSSL; it comes as an error of reading, or of writing. */
const alertIn = (message: string): string | undefined => /(?:ssl|tls)\S* alert ([a-z ]+)/i.exec(message)?.[1];

/** Alerts that a server sends when it does not accept the client's certificate; TLS 1.3 brings them after the client's own handshake is done. */
const certificateAlert = /certificate|unknown ca|access denied/;

/** A failed request as what it means. @param open whether the handshake was done, as seen from here. */
function unanswered(error: Error & { readonly code?: string; readonly syscall?: string }, open: boolean, timeoutMs: number): Unanswered {
  const { code, syscall, message } = error;
  const alert = alertIn(message);
  if (alert !== undefined && (!open || certificateAlert.test(alert))) return new Unanswered(`the server ended the handshake: ${alert}`, error, false, true);
  if (code === 'ABORT_ERR') return new Unanswered(`no answer within ${timeoutMs} ms, or stopped`, error, open, false);
  // What is neither the network's nor the server's nor a proxy's is our own check of the server's certificate.
  const ours = !open && syscall === undefined && code !== 'ECONNRESET' && code !== 'ERR_PROXY_TUNNEL';
  return new Unanswered(message.trim(), error, open, ours);
}

const connectionOf = (socket: TLSSocket): TlsConnection => {
  const { name = 'unknown' } = socket.getEphemeralKeyInfo() as { name?: string };
  return { protocol: socket.getProtocol() ?? 'unknown', group: name, postQuantum: /mlkem/i.test(name) };
};

/** The name check of Node, and that of the KME ID. */
function identityCheck(kmeId: string | undefined): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const fault = checkServerIdentity(host, certificate);
    if (fault !== undefined || kmeId === undefined) return fault;
    // Node types the names as present, but a certificate may have none.
    const { subjectaltname: alternativeNames, subject } = certificate as Partial<PeerCertificate>;
    const alternatives = (alternativeNames ?? '').split(', ').map((entry) => entry.slice(entry.indexOf(':') + 1));
    return [subject?.CN, ...alternatives].includes(kmeId) ? undefined : new Error(`the server's certificate does not name the KME ID ${kmeId}`);
  };
}

export class Transport implements Disposable {
  readonly #agent: Agent;
  readonly #options: TransportOptions;
  #connection: TlsConnection | undefined;

  /** @throws EtsiQkd014Error BAD_OPTION when the PEM cannot be used. */
  constructor(options: TransportOptions) {
    this.#options = options;
    const { url, tls, kmeId, onClassicalTls, proxyEnv = process.env } = options;
    const proxy = proxyFor(url, proxyEnv);
    const groups = onClassicalTls === undefined ? postQuantumGroups : [...postQuantumGroups, ...classicalGroups];
    try {
      const secureContext = createSecureContext({ ...tls, ecdhCurve: groups.join(':'), minVersion: onClassicalTls === undefined ? 'TLSv1.3' : 'TLSv1.2' });
      this.#agent = new Agent({ secureContext, keepAlive: true, timeout: idleMs, maxSockets: 8, checkServerIdentity: identityCheck(kmeId), ...agentProxy(proxy) });
    } catch (cause) {
      throw new EtsiQkd014Error('BAD_OPTION', `the certificate, its key or the authorities cannot be used: ${(cause as Error).message}`, { cause });
    }
  }

  /** Host and port of the server. */
  get host(): string {
    return this.#options.url.host;
  }

  /** The last connection that was made; undefined before the first. */
  get connection(): TlsConnection | undefined {
    return this.#connection;
  }

  /**
   * One request and its answer.
   * @param path behind `/api/v1/keys/`.
   * @param body sent as it is; with undefined the request has none, and no Content-Type.
   * @throws Unanswered when the connection, the handshake or the deadline ended it.
   */
  async send(method: 'GET' | 'POST', path: string, body?: string, signal?: AbortSignal): Promise<Answer> {
    const { url, timeoutMs } = this.#options;
    const limits = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    let open = false;
    return await new Promise<Answer>((resolve, reject) => {
      const fail = (error: Error): void => { reject(unanswered(error, open, timeoutMs)); };
      const call = request(new URL(`api/v1/keys/${path}`, url.href.replace(/\/*$/, '/')), { agent: this.#agent, method, headers, signal: AbortSignal.any(limits) }, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          parts.push(part);
          if (size > maxAnswerBytes) response.destroy(new Error(`the answer is longer than ${maxAnswerBytes} bytes`));
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
          for (const part of parts) part.fill(0);
        });
        response.on('error', fail);
      });
      call.on('socket', (socket) => {
        const opened = (): void => {
          open = true;
          if (!call.reusedSocket && socket instanceof TLSSocket) this.#note(connectionOf(socket));
        };
        // A connection through a proxy comes with its handshake done.
        if (call.reusedSocket || (socket instanceof TLSSocket && socket.authorized)) opened();
        else socket.once('secureConnect', opened);
      });
      call.on('error', fail);
      call.end(body);
    });
  }

  #note(connection: TlsConnection): void {
    this.#connection = connection;
    if (!connection.postQuantum) this.#options.onClassicalTls?.(connection);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** What a request without an answer means to the caller. @param delivers whether the request may have taken keys from the pool. */
export function unansweredError(host: string, fault: Unanswered, delivers: boolean): EtsiQkd014Error {
  const options = { cause: fault.cause };
  if (fault.refused) return new EtsiQkd014Error('TLS_REFUSED', `no TLS connection with the key management entity at ${host}: ${fault.message}`, options);
  if (fault.reached && delivers) {
    return new EtsiQkd014Error('KEYS_MAY_BE_LOST', `the key management entity at ${host} may have delivered keys that did not arrive: ${fault.message}`, options);
  }
  return new EtsiQkd014Error('UNAVAILABLE', `the key management entity at ${host} does not answer: ${fault.message}`, options);
}
