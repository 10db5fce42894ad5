/** The way out of a hospital: which HTTP proxy an address is reached through, by HTTPS_PROXY and NO_PROXY. */
import { BlockList, isIP } from 'node:net';
import { EtsiQkd014Error } from './error.js';

/** The variables as they stand in a process's environment; the lower-case names go first, as with curl. */
export type ProxyEnv = Readonly<Partial<Record<'https_proxy' | 'HTTPS_PROXY' | 'no_proxy' | 'NO_PROXY', string>>> | NodeJS.ProcessEnv;

/** Never through a proxy: to it, they would be its own machine. */
const loopback = ['localhost', '127.0.0.0/8', '::1'];

/** Whether an IP address is one of an entry such as `10.0.0.0/8` or `10.1.2.3`. */
function isWithin(address: string, entry: string): boolean {
  const [network = '', bits] = entry.split('/');
  const version = isIP(network);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const length = Number(bits ?? (version === 4 ? 32 : 128));
  const list = new BlockList();
  if (!Number.isInteger(length) || length < 0 || length > (version === 4 ? 32 : 128)) return false;
  list.addSubnet(network, length, family);
  return list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

/** An entry as curl and Go read it: a name and all names below it, an address, a network, each with or without a port; `*` for all. */
function matches(entry: string, host: string, port: string): boolean {
  const [, name = entry, only] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (only !== undefined && only !== port) return false;
  const bare = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '');
  if (bare === '*') return true;
  return isIP(host) === 0 ? bare !== '' && `.${host}`.endsWith(`.${bare}`) : isWithin(host, bare);
}

function readProxy(text: string): URL {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  // Without the text, which may hold a password.
  if (url?.protocol !== 'http:' || url.hostname === '') throw new EtsiQkd014Error('BAD_OPTION', 'HTTPS_PROXY must be http://HOST:PORT, with USER:PASSWORD@ before the host where the proxy asks for them; what goes through it is encrypted end to end');
  return url;
}

/**
 * The HTTP proxy through which a TLS connection is tunnelled (CONNECT, RFC 9110 section 9.3.6); undefined where it goes straight.
 * @param url of the server, whose protocol is not looked at.
 * @param env HTTPS_PROXY names the proxy, NO_PROXY the exceptions, separated by commas; loopback is always one.
 * @throws EtsiQkd014Error BAD_OPTION for a proxy that is no http:// address.
 */
export function proxyFor(url: URL, env: ProxyEnv): URL | undefined {
  const [given, none] = [env['https_proxy'] ?? env['HTTPS_PROXY'] ?? '', env['no_proxy'] ?? env['NO_PROXY'] ?? ''];
  if (given === '') return undefined;
  const host = url.hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  const exceptions = [...loopback, ...none.toLowerCase().split(',').map((entry) => entry.trim())];
  return exceptions.some((entry) => matches(entry, host, url.port || '443')) ? undefined : readProxy(given);
}

/** The setting of an agent of `node:https` for a proxy, or for none whatever the process's environment says. */
export const agentProxy = (proxy: URL | undefined): { readonly proxyEnv?: { readonly HTTPS_PROXY: string } } => (proxy === undefined ? {} : { proxyEnv: { HTTPS_PROXY: proxy.href } });
