/** The HTTPS server of a site: applications and other key servers meet it at the same port. */
import type { IncomingMessage } from 'node:http';
import { type Server, createServer } from 'node:https';
import { ZodError } from 'zod';
import { QkdError, messageOf } from '../error.js';
import type { SiteConfig } from '../config.js';
import type { Log } from '../log.js';
import { type FillRandom, randomBytesOf, systemRandom } from '../random.js';
import { KeyRelay } from '../relay/key-relay.js';
import { SkipApi } from '../skip/skip-api.js';
import type { StoreClient } from '../store/store-client.js';
import { Directory } from './directory.js';
import { EtsiApi } from './etsi-api.js';
import { type Answer, BadBody, readBody, refusal, reply, tlsOptions } from './http.js';
import type { KmeLink } from './kme-link.js';
import { Gate } from './limits.js';
import { openApi } from './openapi.js';
import { answerPeer } from './peer-api.js';
import { type Route, routeOf } from './router.js';
import { callerOf } from './sae.js';

const MAX_HEADER_BYTES = 8192;
/** How long a connection without a request is kept: a handshake costs more than many keys. */
const IDLE_MS = 65_000;
/** How often slow requests are looked for. */
const CHECK_MS = 1000;

const badFormat = (reason: string): Answer => refusal(400, `bad request format: ${reason}`);

/**
 * Starts listening.
 * @param random where keys come from that no link made
 * @param halted why no key may be given out at all, not even one that was made before
 * @throws QkdError PORT_IN_USE, CONFIG
 */
export const startKeyServer = async (
  site: SiteConfig, store: StoreClient, links: readonly KmeLink[], log: Log, random: FillRandom = systemRandom, halted: () => string | undefined = () => undefined,
): Promise<Server> => {
  const { limits } = site;
  const gate = new Gate(limits);
  const directory = new Directory(site, links);
  const relay = new KeyRelay(site, directory, store, random, log);
  const etsi = new EtsiApi(site, store, directory, async (keys, { paths }, master, slaves) => relay.passOn(keys, paths, master, slaves), log, Date.now);
  const skip = new SkipApi({
    keys: async (action, sae, query, caller) => etsi.answer({ method: 'GET', sae, action, query, body: undefined, caller }),
    remoteIds: (caller) => directory.all.filter((sae) => sae !== caller),
    random: (bytes) => randomBytesOf(random, bytes),
  });

  const answerSae = async (request: IncomingMessage, url: URL, route: Extract<Route, { to: 'etsi' | 'skip' }>): Promise<Answer> => {
    const { commonName, uri } = callerOf(request);
    const caller = site.sae.idFrom === 'uri' ? uri : commonName;
    if (!site.saeIds.includes(caller)) return refusal(401, 'the certificate names no SAE of this KME');
    const stopped = route.to === 'etsi' && route.action === 'status' ? undefined : halted();
    if (stopped !== undefined) return refusal(503, stopped);
    const wait = gate.enter(caller, performance.now());
    if (wait !== undefined) return refusal(503, 'too many requests of this SAE', { headers: { 'retry-after': wait } });
    try {
      if (route.to === 'skip') return await skip.answer({ path: url.pathname, query: url.searchParams, caller });
      const method = request.method ?? '';
      const body = method === 'POST' ? await readBody(request, limits.maxBodyBytes) : undefined;
      return await etsi.answer({ method, sae: route.sae, action: route.action, query: url.searchParams, body, caller });
    } finally {
      gate.leave(caller);
    }
  };

  const answerKme = async (request: IncomingMessage, route: Extract<Route, { to: 'peer' | 'relay' }>): Promise<Answer> => {
    const { commonName } = callerOf(request);
    if (directory.linkToKme(commonName) === undefined) return refusal(401, 'not a key server at the other end of a link');
    const body = await readBody(request);
    if (route.to === 'relay') return route.action === 'ext_keys' ? relay.receive(commonName, body) : relay.acknowledged(commonName, route.token, body);
    const own = (name: string): KmeLink | undefined => links.find(({ config }) => config.name === name && config.peerKmeId === commonName);
    return answerPeer(route.action, body, own, site);
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = URL.parse(request.url ?? '/', 'https://kme');
    const route = routeOf(request.method ?? '', url?.pathname ?? '', site.skip);
    if (url === null || 'status' in route) return 'status' in route ? route : badFormat('the URL is not one');
    try {
      if (route.to === 'description') return { status: 200, body: openApi() };
      return route.to === 'etsi' || route.to === 'skip' ? await answerSae(request, url, route) : await answerKme(request, route);
    } catch (thrown) {
      if (thrown instanceof BadBody || thrown instanceof ZodError) return badFormat(thrown.message);
      throw thrown;
    }
  };

  const server = createServer({
    ...tlsOptions(site), requestCert: true, rejectUnauthorized: true, handshakeTimeout: limits.requestTimeoutMs, headersTimeout: limits.requestTimeoutMs,
    requestTimeout: limits.requestTimeoutMs, keepAliveTimeout: IDLE_MS, connectionsCheckingInterval: CHECK_MS, maxHeaderSize: MAX_HEADER_BYTES, noDelay: true,
  }, (request, response) => {
    answer(request).then(
      (result) => {
        // What is left of a body that was not read would be taken for the next request.
        if (!request.complete) response.setHeader('connection', 'close');
        reply(response, result);
      },
      (thrown: unknown) => {
        log('request-failed', { path: request.url ?? '', reason: messageOf(thrown) });
        reply(response, refusal(503, 'error on server side'));
      },
    );
  });
  server.maxConnections = limits.connections;
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const { host, port } = site.listen;
      reject(cause.code === 'EADDRINUSE'
        ? new QkdError('PORT_IN_USE', `the key server cannot listen: port ${port} of ${host} is in use`, { cause, remedy: 'Stop what uses it, or configure another port.' })
        : new QkdError('CONFIG', `the key server cannot listen at ${host}:${port}: ${cause.message}`, { cause }));
    });
    server.listen(site.listen.port, site.listen.host, () => { resolve(server); });
  });
};
