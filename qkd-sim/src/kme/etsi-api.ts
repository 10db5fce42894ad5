/** The interface to applications: ETSI GS QKD 014 V1.1.1, sections 5 and 6. */
import type { SiteConfig } from '../config.js';
import type { Log } from '../log.js';
import type { DeliveredKey } from '../store/keys.js';
import type { Demand } from '../store/pools.js';
import type { StoreClient } from '../store/store-client.js';
import type { Directory, Route } from './directory.js';
import { type Fault, MESSAGES, badRequest } from './etsi-messages.js';
import { type KeyRequest, parseKeyIds, parseKeyRequest } from './etsi-requests.js';
import { relayedStatusOf, statusOf } from './etsi-status.js';
import { type Answer, refusal } from './http.js';
import { issueKeys } from './issue.js';
import { NoKeys } from './kme-link.js';
import { OrderQueue } from './order-queue.js';

/** What an application can ask, and the methods it may use for it. */
export const ETSI_METHODS = { status: ['GET'], enc_keys: ['GET', 'POST'], dec_keys: ['GET', 'POST'] } as const;

/** A request, already freed from HTTP. */
export interface EtsiRequest {
  readonly method: string;
  /** The SAE in the path, and what is asked. */
  readonly sae: string;
  readonly action: keyof typeof ETSI_METHODS;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The SAE ID in the caller's certificate. */
  readonly caller: string;
}

/** After how many seconds an empty pool is worth another request. */
const RETRY_SECONDS = 1;

/** Passes keys on to SAEs of a site that no link leads to. @returns the epsilon that this adds @throws NoKeys */
export type PassOn = (keys: readonly DeliveredKey[], route: Route, master: string, slaves: readonly string[]) => Promise<number>;

/** A key container, section 6.3. */
const container = (keys: readonly DeliveredKey[], extension?: object): Answer => ({
  status: 200,
  body: {
    keys: keys.map(({ keyId, key, epsilon }) => ({ key_ID: keyId, key: Buffer.from(key.buffer, key.byteOffset, key.length).toString('base64'), key_extension: { epione_epsilon: epsilon } })),
    ...(extension !== undefined && { key_container_extension: extension }),
  },
});

export class EtsiApi {
  readonly #site: SiteConfig;
  readonly #store: StoreClient;
  readonly #directory: Directory;
  readonly #passOn: PassOn;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #orders = new OrderQueue<DeliveredKey>();

  /** @param now ms since 1970, from which the ages of keys count */
  constructor(site: SiteConfig, store: StoreClient, directory: Directory, passOn: PassOn, log: Log, now: () => number) {
    this.#site = site;
    this.#store = store;
    this.#directory = directory;
    this.#passOn = passOn;
    this.#log = log;
    this.#now = now;
  }

  /** Answers an SAE of this site. */
  async answer(request: EtsiRequest): Promise<Answer> {
    const { caller, sae, action } = request;
    if (!this.#directory.isKnown(sae)) return badRequest([{ name: 'SAE_ID', message: `no SAE ${JSON.stringify(sae)} is known to this KME` }]);
    if (sae === caller && !this.#site.sae.allowSelfPeer) return badRequest([{ name: 'SAE_ID', message: 'master and slave are the same SAE' }]);
    if (action === 'status') return { status: 200, body: this.#status(caller, sae) };
    return action === 'enc_keys' ? this.#getKey(request) : this.#getKeyWithIds(request);
  }

  #status(master: string, slave: string): object {
    const { kmeId, limits } = this.#site;
    const route = this.#directory.routeTo(slave);
    if (route === undefined) return statusOf(kmeId, master, slave, this.#directory.linkTo(slave), limits);
    const nextLinks = route.paths.map(([, next]) => this.#directory.linkToKme(next ?? ''));
    return relayedStatusOf(kmeId, master, slave, route.kmeId, nextLinks.filter((link) => link !== undefined), limits);
  }

  async #getKey({ method, query, body, caller, sae }: EtsiRequest): Promise<Answer> {
    const { value: asked, faults } = parseKeyRequest(method, query, body, this.#site.limits, this.#now());
    if (asked === undefined) return badRequest(faults);
    const wrong = asked.additionalSlaves.flatMap((slave) => this.#faultOf(slave, caller, sae));
    if (wrong.length > 0) return badRequest(wrong);
    const ignored = { epione_notice: MESSAGES.optional };
    try {
      const best = await this.#issue(asked, caller, sae, asked.wished);
      if (best !== undefined) return container(best, asked.wishesKnown ? undefined : ignored);
      const keys = await this.#issue(asked, caller, sae, asked.required);
      return keys === undefined ? badRequest([{ name: 'extension_mandatory', message: MESSAGES.mandatoryUnmet }]) : container(keys, ignored);
    } catch (thrown) {
      if (thrown instanceof NoKeys) return refusal(503, thrown.message, { headers: { 'retry-after': RETRY_SECONDS } });
      throw thrown;
    }
  }

  /** What speaks against an additional slave. */
  #faultOf(slave: string, master: string, first: string): Fault[] {
    const message = !this.#directory.isKnown(slave) ? `no SAE ${JSON.stringify(slave)} is known to this KME`
      : slave === master ? 'must not name the master' : slave === first ? 'must not name the slave of the path' : undefined;
    return message === undefined ? [] : [{ name: 'additional_slave_SAE_IDs', message }];
  }

  async #issue(asked: KeyRequest, master: string, slave: string, demand: Demand): Promise<readonly DeliveredKey[] | undefined> {
    const { count, bytes, additionalSlaves } = asked;
    const plain = additionalSlaves.length === 0 && demand.madeAfter === undefined && demand.maxEpsilon === undefined && this.#directory.routeTo(slave) === undefined;
    if (!plain) return this.#issueAlone(asked, master, slave, demand);
    return this.#orders.add(`${bytes} ${master} ${slave}`, count, async (all) => this.#issueAlone({ ...asked, count: all }, master, slave, demand));
  }

  async #issueAlone({ count, bytes, additionalSlaves }: KeyRequest, master: string, slave: string, demand: Demand): Promise<readonly DeliveredKey[] | undefined> {
    const { here, links, routes } = this.#directory.group([slave, ...additionalSlaves]);
    const order = { count, bytes, master, slaves: here, links, demand };
    if (routes.length === 0) return issueKeys(order, this.#store, this.#log);
    // What other sites' links take for a relayed key is theirs to choose.
    if (demand.madeAfter !== undefined || demand.maxEpsilon !== undefined) return undefined;
    const relay = async (keys: readonly DeliveredKey[]): Promise<number> =>
      (await Promise.all(routes.map(async ({ route, slaves }) => this.#passOn(keys, route, master, slaves)))).reduce((sum, epsilon) => sum + epsilon, 0);
    return issueKeys({ ...order, relay }, this.#store, this.#log);
  }

  /** Keys that were given out already are delivered even when their link has been aborted since: they were safe. */
  async #getKeyWithIds({ method, query, body, caller, sae }: EtsiRequest): Promise<Answer> {
    const { value: ids, faults } = parseKeyIds(method, query, body, this.#site.limits);
    if (ids === undefined) return badRequest(faults);
    const keys = await this.#store.call('deliver', sae, caller, ids);
    if (keys === 'not entitled') return refusal(401, 'the caller was not named when these keys were made');
    return keys === 'unknown' ? badRequest([{ name: 'key_IDs', message: MESSAGES.notFound }]) : container(keys);
  }
}
