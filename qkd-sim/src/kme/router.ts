/** Which path and method means what. What is no path of ours is plain HTTP's 404, a wrong method its 405. */
import { type Answer, refusal } from './http.js';
import { ETSI_METHODS } from './etsi-api.js';
import { KMAPI_PATH, PEER_PATH } from './peer-messages.js';
import { isSkipPath } from '../skip/skip-api.js';

/** What a request asks for. */
export type Route =
  | { readonly to: 'etsi'; readonly sae: string; readonly action: keyof typeof ETSI_METHODS }
  | { readonly to: 'peer'; readonly action: string }
  | { readonly to: 'relay'; readonly action: 'ext_keys' }
  | { readonly to: 'relay'; readonly action: 'ack'; readonly token: string }
  | { readonly to: 'skip' }
  | { readonly to: 'description' };

/** Where the description of the interface is. */
export const DESCRIPTION_PATH = '/openapi.json';
/** The version that the standard's V1.1.1 has in its paths; another edition gets a line of its own here. */
const ETSI_V1 = /^\/api\/v1\/keys\/([^/]*)\/(status|enc_keys|dec_keys)$/;

const allow = (method: string, methods: readonly string[], route: Route): Route | Answer =>
  methods.includes(method) ? route : refusal(405, `this path takes ${methods.join(' and ')}`, { headers: { allow: methods.join(', ') } });

/** The SAE ID in a path's segment; one that is badly encoded names nobody. */
const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
};

/** Finds the way of a request, or the answer when there is none. @param skip whether the paths of SKIP are served */
export const routeOf = (method: string, path: string, skip = false): Route | Answer => {
  const [, sae, action] = ETSI_V1.exec(path) ?? [];
  if (sae !== undefined && (action === 'status' || action === 'enc_keys' || action === 'dec_keys')) return allow(method, ETSI_METHODS[action], { to: 'etsi', sae: decode(sae), action });
  if (path.startsWith(PEER_PATH)) return allow(method, ['POST'], { to: 'peer', action: path.slice(PEER_PATH.length) });
  if (path === `${KMAPI_PATH}ext_keys`) return allow(method, ['POST'], { to: 'relay', action: 'ext_keys' });
  if (path.startsWith(`${KMAPI_PATH}ack/`)) return allow(method, ['POST'], { to: 'relay', action: 'ack', token: path.slice(`${KMAPI_PATH}ack/`.length) });
  if (skip && isSkipPath(path)) return allow(method, ['GET'], { to: 'skip' });
  if (path === DESCRIPTION_PATH) return allow(method, ['GET'], { to: 'description' });
  return refusal(404, 'no such path');
};
