/** The way to a server, step by step, so that what stands in it has a name: DNS, firewall, proxy, certificates. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { proxyFor, type ProxyEnv } from '@epione/client';

/** What stands in the way, and what to do about it. */
const remedies = {
  DNS_UNKNOWN: 'Correct the name, or ask your network team to resolve it.',
  DNS_SILENT: 'The name server does not answer: ask your network team.',
  CONNECTION_REFUSED: 'Nothing listens there, or a firewall refuses: start the server, correct the port, or have the way opened.',
  CONNECTION_TIMEOUT: 'A firewall drops the packets, or the machine is off: have the way to this host and port opened, or set HTTPS_PROXY.',
  CONNECTION_RESET: 'A firewall between cuts the connection: have it let TLS 1.3 to this host and port pass untouched.',
  NO_ROUTE: 'There is no way from this machine: ask your network team for a route, or set HTTPS_PROXY.',
  PROXY_DNS: 'Correct the host in HTTPS_PROXY.',
  PROXY_UNREACHABLE: 'Start the proxy, or correct host and port in HTTPS_PROXY; hosts that need none stand in NO_PROXY.',
  PROXY_TIMEOUT: 'The proxy does not answer: ask whoever runs it; hosts that need none stand in NO_PROXY.',
  PROXY_AUTHENTICATION: 'The proxy asks who you are: write http://USER:PASSWORD@HOST:PORT into HTTPS_PROXY, in a file that its owner alone reads.',
  PROXY_REFUSED: 'Ask whoever runs the proxy to allow CONNECT to this host and port, or name the host in NO_PROXY.',
  TLS_NONE: 'What answers there does not speak TLS: correct the port, or a proxy or firewall answers in its place.',
  TLS_EXPIRED: 'The server needs a new certificate: tell its operator. If it is new, compare the clocks.',
  TLS_NAME: 'Use the name that the server’s certificate has, or ask its operator for one with this name.',
  TLS_AUTHORITY: 'Its authority is not among the trusted ones: ask the operator for the present certificates of the authorities. If they are the same, a firewall opens TLS: have this host exempted.',
  TLS_CLASSICAL: 'The server does not do TLS 1.3 with X25519MLKEM768: it has to be updated, or a firewall answers in its place.',
  TLS_OWN_CERTIFICATE: 'The server does not accept this site’s certificate: renew it if it has ended, or have its authority added there.',
  TLS_ENDED: 'A firewall cuts what it cannot read, or the server ends connections: have TLS 1.3 to this host pass untouched.',
} as const;

export type ReachCode = keyof typeof remedies;

/** Why a server cannot be reached. */
export class NotReached extends Error {
  readonly code: ReachCode;

  constructor(code: ReachCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get remedy(): string {
    return remedies[this.code];
  }
}

/** A server that was reached. */
export interface Reached {
  /** Through which proxy, `host:port`. */
  readonly proxy?: string;
  /** The server's clock, ms since 1970 UTC, where it tells. */
  readonly time?: number;
}

/** How a server is spoken to: TLS settings, and whether it is asked something by HTTP/1.1, which also shows whether it takes this site's certificate. */
export interface Greeting extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key'> {
  readonly http: boolean;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
const isTimeout = (error: unknown): boolean => (error as Error).name === 'AbortError' || codeOf(error) === 'ETIMEDOUT';

async function addressOf(host: string, code: 'DNS_UNKNOWN' | 'PROXY_DNS'): Promise<string> {
  if (isIP(host) !== 0) return host;
  return lookup(host).then(({ address }) => address, (cause: unknown) => {
    const silent = codeOf(cause) === 'EAI_AGAIN';
    throw new NotReached(silent && code === 'DNS_UNKNOWN' ? 'DNS_SILENT' : code, `the name ${host} ${silent ? 'got no answer from DNS' : 'is not known to DNS'}`, cause);
  });
}

function tcpFault(cause: unknown, at: string): NotReached {
  const code = codeOf(cause);
  if (isTimeout(cause)) return new NotReached('CONNECTION_TIMEOUT', `${at} does not answer at all`, cause);
  if (code === 'ECONNREFUSED') return new NotReached('CONNECTION_REFUSED', `${at} refuses the connection`, cause);
  if (code === 'ECONNRESET') return new NotReached('CONNECTION_RESET', `the connection to ${at} was cut`, cause);
  return new NotReached('NO_ROUTE', `there is no way to ${at}: ${(cause as Error).message}`, cause);
}

async function tcp(host: string, port: number, at: string, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port }).on('error', () => undefined); // what comes after the first error is told by no one
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (cause) {
    socket.destroy();
    throw tcpFault(cause, at);
  }
}

/** Asks a proxy for a tunnel to `target`. */
async function tunnel(proxy: URL, target: string, signal: AbortSignal): Promise<Socket> {
  const port = Number(proxy.port || '80');
  const host = await addressOf(proxy.hostname.replace(/^\[(.*)\]$/, '$1'), 'PROXY_DNS');
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = { host: target, ...(user === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` }) };
  const call = request({ host, port, method: 'CONNECT', path: target, headers, signal, agent: false });
  call.end();
  const [answer, socket] = await (once(call, 'connect', { signal }) as Promise<[{ statusCode: number; statusMessage: string }, Socket]>).catch((cause: unknown) => {
    call.destroy();
    if (isTimeout(cause)) throw new NotReached('PROXY_TIMEOUT', `the proxy ${proxy.host} does not answer`, cause);
    throw new NotReached('PROXY_UNREACHABLE', `the proxy ${proxy.host} cannot be reached: ${(cause as Error).message}`, cause);
  });
  if (answer.statusCode === 200) return socket.on('error', () => undefined);
  socket.destroy();
  const said = `the proxy ${proxy.host} answers ${answer.statusCode} ${answer.statusMessage}`;
  throw new NotReached(answer.statusCode === 407 ? 'PROXY_AUTHENTICATION' : 'PROXY_REFUSED', `${said} to a tunnel to ${target}`);
}

/** What a failed handshake means. @param cause of OpenSSL, Node's own checks or the socket. */
export function tlsFault(cause: unknown, at: string): NotReached {
  const [code, { message }] = [codeOf(cause), cause as Error];
  const fault = (as: ReachCode, sentence: string): NotReached => new NotReached(as, sentence, cause);
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return fault('TLS_EXPIRED', `the certificate of ${at} ${code === 'CERT_HAS_EXPIRED' ? 'has ended' : 'has not begun'}`);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return fault('TLS_NAME', `the certificate of ${at} is for another name: ${message.split('altnames: ')[1] ?? message}`);
  if (/alert (certificate|bad certificate|unknown ca|access denied|unsupported certificate)/i.test(message)) return fault('TLS_OWN_CERTIFICATE', `${at} does not accept this site's certificate: ${message.trim()}`);
  if (/alert (handshake failure|protocol version|insufficient security|illegal parameter)|unsupported protocol|no suitable key share/i.test(message)) return fault('TLS_CLASSICAL', `${at} has no post-quantum key exchange`);
  if (/wrong version number|packet length too long|unexpected message|bad record/i.test(message)) return fault('TLS_NONE', `what answers at ${at} does not speak TLS`);
  if (/SELF_SIGNED|UNABLE_TO|CERT_|INVALID_CA/.test(code)) return fault('TLS_AUTHORITY', `the certificate of ${at} comes from an authority that is not trusted`);
  if (code === 'ECONNRESET') return fault('CONNECTION_RESET', `the connection to ${at} was cut as TLS began`);
  return fault('TLS_ENDED', `the connection to ${at} ended in the handshake: ${isTimeout(cause) ? 'no answer' : message}`);
}

async function handshake(socket: Socket, host: string, { http, ...tls }: Greeting, signal: AbortSignal): Promise<TLSSocket> {
  const secure = connectTls({ socket, host, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768', ALPNProtocols: [http ? 'http/1.1' : 'h2'] }).on('error', () => undefined);
  await once(secure, 'secureConnect', { signal });
  return secure;
}

/** The head of the server's answer to a request. With TLS 1.3 a server looks at the client's certificate only now, and many end without a word. */
async function head(socket: TLSSocket, at: string, signal: AbortSignal): Promise<string> {
  const cut = once(socket, 'close', { signal }).then(() => { throw new NotReached('TLS_OWN_CERTIFICATE', `${at} ended the connection after the handshake, as servers do that do not accept this site's certificate`); });
  const answer = once(socket, 'data', { signal }) as Promise<[Buffer]>;
  socket.write(`HEAD / HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`);
  const [part] = await Promise.race([answer, cut]).finally(() => { cut.catch(() => undefined); answer.catch(() => undefined); });
  return part.toString('latin1');
}

/**
 * Connects to a server as the worker would, step by step.
 * @throws NotReached with what stands in the way; EtsiQkd014Error BAD_OPTION for a proxy that is no http:// address.
 */
export async function reach(to: URL, greeting: Greeting, env: ProxyEnv, timeoutMs = 10_000): Promise<Reached> {
  const signal = AbortSignal.timeout(timeoutMs);
  const host = to.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(to.port || '443');
  const at = `${to.hostname}:${port}`;
  const proxy = proxyFor(to, env);
  const socket = proxy === undefined ? await tcp(await addressOf(host, 'DNS_UNKNOWN'), port, at, signal) : await tunnel(proxy, at, signal);
  try {
    const secure = await handshake(socket, host, greeting, signal);
    const time = greeting.http ? Date.parse(/^date: *(.*)$/im.exec(await head(secure, at, signal))?.[1] ?? '') : Number.NaN;
    return { ...(proxy === undefined ? {} : { proxy: proxy.host }), ...(Number.isNaN(time) ? {} : { time }) };
  } catch (cause) {
    throw cause instanceof NotReached ? cause : tlsFault(cause, at);
  } finally {
    socket.destroy();
  }
}
