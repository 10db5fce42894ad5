/** The HTTPS server of a site: applications and other key servers meet it at the same port. */
import type { IncomingMessage } from 'node:http';
import { type Server, createServer } from 'node:https';
import { ZodError } from 'zod';
import { QkdError, messageOf } from '../error.js';
import type { SiteConfig } from '../config.js';
import type { Log } from '../log.js';
import type { StoreClient } from '../store/store-client.js';
import { ETSI_PATH, EtsiApi } from './etsi-api.js';
import { type Answer, callerOf, readBody, refusal, reply, tlsOptions } from './http.js';
import type { KmeLink } from './kme-link.js';
import { answerPeer } from './peer-api.js';
import { PEER_PATH } from './peer-messages.js';

/** Starts listening. @throws QkdError PORT_IN_USE, CONFIG */
export const startKeyServer = async (site: SiteConfig, store: StoreClient, links: readonly KmeLink[], log: Log): Promise<Server> => {
  const etsi = new EtsiApi(site, store, links, log);

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const caller = callerOf(request);
    let url: URL;
    let body: unknown;
    try {
      url = new URL(request.url ?? '/', 'https://kme');
      body = await readBody(request);
    } catch (thrown) {
      return refusal(400, `bad request format: ${messageOf(thrown)}`);
    }
    if (url.pathname.startsWith(PEER_PATH)) {
      if (!links.some(({ config }) => config.peerKmeId === caller)) return refusal(401, 'not a key server at the other end of a link');
      const own = (name: string): KmeLink | undefined => links.find(({ config }) => config.name === name && config.peerKmeId === caller);
      try {
        return await answerPeer(url.pathname.slice(PEER_PATH.length), body, own, site);
      } catch (thrown) {
        if (thrown instanceof ZodError) return refusal(400, 'bad request format');
        throw thrown;
      }
    }
    const [sae, action, ...rest] = url.pathname.startsWith(ETSI_PATH) ? url.pathname.slice(ETSI_PATH.length).split('/') : [];
    const method = request.method ?? '';
    if (sae === undefined || action === undefined || rest.length > 0 || !['GET', 'POST'].includes(method)) return refusal(400, 'no such method');
    return etsi.answer({ method, sae: decode(sae), action, query: url.searchParams, body, caller });
  };

  const server = createServer({ ...tlsOptions(site), requestCert: true, rejectUnauthorized: true }, (request, response) => {
    answer(request).then(
      (result) => { reply(response, result); },
      (thrown: unknown) => {
        log('request-failed', { path: request.url ?? '', reason: messageOf(thrown) });
        reply(response, refusal(503, 'error on server side'));
      },
    );
  });
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

/** A path's segment; one that is badly encoded names nobody. */
const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
};
