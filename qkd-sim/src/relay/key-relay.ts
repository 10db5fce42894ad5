/**
 * Relaying of keys through trusted nodes: a key for a site without a link to this one goes hop by hop, each time under a
 * one-time pad of that link, and by several paths that share no node when the topology says so: the key is the XOR of
 * what comes by all of them, and no single node on the way knows it.
 */
import { randomUUID } from 'node:crypto';
import type { SiteConfig } from '../config.js';
import { xor } from '../distillation/authentication.js';
import { messageOf } from '../error.js';
import type { Directory } from '../kme/directory.js';
import { type Answer, refusal } from '../kme/http.js';
import { issueKeys } from '../kme/issue.js';
import { type KmeLink, NoKeys } from '../kme/kme-link.js';
import { KMAPI_PATH } from '../kme/peer-messages.js';
import type { Log } from '../log.js';
import { type FillRandom, randomBytesOf } from '../random.js';
import type { DeliveredKey } from '../store/keys.js';
import type { StoreClient } from '../store/store-client.js';
import { type Acknowledgement, EXTENSION, type ExtKeys, type Relay, aboutOf, acknowledgement, extKeys, relayOf } from './ext-keys.js';
import { cover, padBytes, uncover } from './hop-cover.js';

/** How long a key may take to its target and its acknowledgement back. */
const DEADLINE_MS = 5000;

/** Keys on their way along one path, as every node on it sees them. */
interface Passing {
  readonly keys: readonly DeliveredKey[];
  readonly initiator: string;
  readonly targets: readonly string[];
  readonly path: readonly string[];
  readonly part: number;
  readonly parts: number;
}

/** How keys ended: at their target, with the epsilon of their way; or on the way. */
type Arrival = { readonly epsilon: number } | { readonly failure: string };

/** Someone who waits for an acknowledgement of the next node. */
interface Awaited {
  readonly from: string;
  readonly settle: (end: Arrival) => void;
}

export class KeyRelay {
  readonly #site: SiteConfig;
  readonly #directory: Directory;
  readonly #store: StoreClient;
  readonly #random: FillRandom;
  readonly #log: Log;
  /** By the last segment of the URL that was given for the acknowledgement. */
  readonly #awaited = new Map<string, Awaited>();

  /** @param random where the shares of keys that take several paths come from */
  constructor(site: SiteConfig, directory: Directory, store: StoreClient, random: FillRandom, log: Log) {
    this.#site = site;
    this.#directory = directory;
    this.#store = store;
    this.#random = random;
    this.#log = log;
  }

  /**
   * Passes keys on to SAEs of one site, by all paths of the route there; they are durable there when this resolves.
   * @returns the epsilon of the ways
   * @throws NoKeys when a path does not carry them now
   */
  async passOn(keys: readonly DeliveredKey[], paths: readonly (readonly string[])[], initiator: string, targets: readonly string[]): Promise<number> {
    // All paths but the first carry noise, the first the key XOR all of it.
    const noise = paths.slice(1).map(() => keys.map((key) => ({ ...key, key: randomBytesOf(this.#random, key.key.length) })));
    const first = keys.map((key, index) => ({ ...key, key: noise.reduce<Uint8Array>((sum, share) => xor(sum, share[index]?.key ?? sum), key.key) }));
    const ends = await Promise.all([first, ...noise].map(async (share, part) =>
      this.#forward({ keys: share.map((key) => ({ ...key, epsilon: 0 })), initiator, targets, path: paths[part] ?? [], part, parts: paths.length })));
    return ends.reduce((sum, epsilon) => sum + epsilon, 0);
  }

  /** Takes keys that another key server passes on: 202, and an acknowledgement when they have arrived. */
  async receive(caller: string, body: unknown): Promise<Answer> {
    const parsed = extKeys.safeParse(body);
    if (!parsed.success) return refusal(400, 'bad request format');
    const request = parsed.data;
    const relay = relayOf(request);
    if (relay === undefined) return refusal(400, 'not all extension_mandatory parameters are supported');
    const link = this.#directory.linkToKme(caller);
    if (link === undefined || relay.path[this.#placeOn(relay.path) - 1] !== caller) return refusal(401, 'not the way that these keys should come');
    const refused = this.#refusal(link, request, relay);
    if (refused !== undefined) return refusal(400, refused);
    const keys = await this.#uncovered(caller, request, relay);
    if (keys === undefined) return refusal(400, 'the keys are not under the pad that they name');
    const { path, part, parts } = relay;
    void this.#goOn({ keys, initiator: request.initiator_sae_id, targets: request.target_sae_ids, path, part, parts }).then(
      async (epsilon) => this.#acknowledge(link, request, { epsilon }),
      async (thrown: unknown) => this.#acknowledge(link, request, { failure: messageOf(thrown) }),
    );
    return { status: 202, body: {} };
  }

  /** Takes the acknowledgement of keys that this site passed on. */
  acknowledged(caller: string, token: string, body: unknown): Answer {
    const parsed = acknowledgement.safeParse(body);
    if (!parsed.success) return refusal(400, 'bad request format');
    const awaited = this.#awaited.get(token);
    if (awaited?.from !== caller) return refusal(400, 'nothing waits for this acknowledgement');
    const { ack_status: status, message = 'the next key server could not pass it on', epione_epsilon: epsilon = 1 } = parsed.data;
    awaited.settle(status === 'relayed' ? { epsilon } : { failure: message });
    return { status: 200, body: {} };
  }

  /** Why keys are not taken, or undefined. The target knows by which paths keys of an origin may come. */
  #refusal(link: KmeLink, { ack_callback_url: url, initiator_sae_id: initiator, target_sae_ids: targets }: ExtKeys, { path, part, parts }: Relay): string | undefined {
    if (new URL(url).origin !== new URL(link.config.peerUrl).origin) return 'ack_callback_url is not the caller\'s';
    const next = path[this.#placeOn(path) + 1];
    if (next !== undefined) return this.#directory.linkToKme(next) === undefined ? `no link leads to ${next}` : undefined;
    const route = this.#site.routes.find(({ kmeId }) => kmeId === path[0]);
    const known = route?.paths.length === parts && route.paths[part]?.toReversed().join('\n') === path.join('\n');
    if (!known) return 'not a path from there to here';
    return route.saeIds.includes(initiator) && targets.every((sae) => this.#site.saeIds.includes(sae)) ? undefined : 'SAE IDs of other sites';
  }

  #placeOn(path: readonly string[]): number {
    return path.indexOf(this.#site.kmeId);
  }

  /** The keys under the pad that the caller names, which is gone from now on. */
  async #uncovered(caller: string, { keys, initiator_sae_id: initiator, target_sae_ids: targets }: ExtKeys, relay: Relay): Promise<DeliveredKey[] | undefined> {
    const pads = await this.#store.call('deliver', caller, this.#site.kmeId, [relay.pad_key_ID]);
    if (typeof pads === 'string') return undefined;
    const [pad = { key: new Uint8Array(), epsilon: 0 }] = pads;
    const covered = keys.map(({ key }) => Buffer.from(key, 'base64'));
    const bare = uncover(pad.key, { ciphertext: Buffer.concat(covered), tag: Buffer.from(relay.tag, 'hex') }, aboutOf(keys.map(({ key_ID: keyId }) => keyId), initiator, targets, relay));
    if (bare === undefined) return undefined;
    let start = 0;
    return keys.map(({ key_ID: keyId }, index) => ({ keyId, key: bare.slice(start, start += covered[index]?.length ?? 0), epsilon: relay.epsilon }));
  }

  /** At the target the keys are stored, elsewhere they go to the next node. @returns the epsilon of their way */
  async #goOn(passing: Passing): Promise<number> {
    const { keys, initiator, targets, path, part, parts } = passing;
    if (path.at(-1) !== this.#site.kmeId) return this.#forward(passing);
    const refused = await this.#store.call('takeParts', { keys, master: initiator, slaves: targets, part, parts });
    if (refused !== undefined) throw new NoKeys(refused);
    return Math.max(...keys.map(({ epsilon }) => epsilon));
  }

  /** Sends keys to the next node and waits until it says that they have arrived. @returns the epsilon of their way @throws NoKeys otherwise */
  async #forward({ keys, initiator, targets, path, part, parts }: Passing): Promise<number> {
    const next = path[this.#placeOn(path) + 1] ?? '';
    const token = randomUUID();
    try {
      const link = this.#directory.linkToKme(next);
      if (link === undefined) throw new NoKeys(`no link leads to ${next}`);
      const bare = Buffer.concat(keys.map(({ key }) => key));
      const pad = await this.#pad(link, padBytes(bare.length));
      const way = { path: [...path], part, parts, epsilon: pad.epsilon + Math.max(...keys.map(({ epsilon }) => epsilon)) };
      const { ciphertext, tag } = cover(pad.key, bare, aboutOf(keys.map(({ keyId }) => keyId), initiator, targets, way));
      const arrived = this.#arrival(token, next);
      let start = 0;
      await link.passOn({
        keys: keys.map(({ keyId, key }) => ({ key_ID: keyId, key: Buffer.from(ciphertext.subarray(start, start += key.length)).toString('base64') })),
        initiator_sae_id: initiator, target_sae_ids: [...targets], ack_callback_url: `https://${this.#site.listen.host}:${this.#site.listen.port}${KMAPI_PATH}ack/${token}`,
        extension_mandatory: [{ [EXTENSION]: { ...way, pad_key_ID: pad.keyId, tag: Buffer.from(tag).toString('hex') } satisfies Relay }],
      });
      const end = await arrived;
      if ('failure' in end) throw new NoKeys(end.failure);
      return end.epsilon;
    } catch (thrown) {
      this.#log('relay-failed', { next, keys: keys.length, reason: messageOf(thrown) });
      throw thrown instanceof NoKeys ? thrown : new NoKeys(`the keys did not get past ${next}: ${messageOf(thrown)}`, { cause: thrown });
    } finally {
      this.#awaited.get(token)?.settle({ failure: 'given up' });
      this.#awaited.delete(token);
    }
  }

  /** Fresh key of a link, for this hop alone. */
  async #pad(link: KmeLink, bytes: number): Promise<DeliveredKey> {
    const order = { count: 1, bytes, master: this.#site.kmeId, slaves: [], links: [{ link, slaves: [link.config.peerKmeId] }], demand: {} };
    const [pad] = (await issueKeys(order, this.#store, this.#log)) ?? [];
    if (pad === undefined) throw new NoKeys(`no pad for ${link.config.peerKmeId}`);
    return pad;
  }

  /** Resolves when keys have arrived, or will not. */
  async #arrival(token: string, from: string): Promise<Arrival> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => { resolve({ failure: `no acknowledgement came from ${from} within ${DEADLINE_MS} ms` }); }, DEADLINE_MS);
      this.#awaited.set(token, { from, settle: (end) => { clearTimeout(timer); resolve(end); } });
    });
  }

  async #acknowledge(link: KmeLink, request: ExtKeys, end: Arrival): Promise<void> {
    const ack: Acknowledgement = {
      ack_status: 'failure' in end ? 'failed' : 'relayed', initiator_sae_id: request.initiator_sae_id, target_sae_ids: request.target_sae_ids,
      key_ids: request.keys.map(({ key_ID: keyId }) => keyId), ...('failure' in end ? { message: end.failure } : { epione_epsilon: end.epsilon }),
    };
    await link.acknowledge(request.ack_callback_url, ack).catch((thrown: unknown) => {
      this.#log('acknowledgement-lost', { peer: link.config.peerKmeId, reason: messageOf(thrown) });
    });
  }
}
