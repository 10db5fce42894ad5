/** How new keys come about: taken from the pools of the links that lead to their slaves, noted there, then given out. */
import { messageOf } from '../error.js';
import type { Log } from '../log.js';
import type { DeliveredKey } from '../store/keys.js';
import type { Demand } from '../store/pools.js';
import type { StoreClient } from '../store/store-client.js';
import { type KmeLink, NoKeys, TooFewKeys } from './kme-link.js';

/** Keys that a master of this site asks for. */
export interface Order {
  readonly count: number;
  readonly bytes: number;
  readonly master: string;
  /** Slaves at this site. */
  readonly slaves: readonly string[];
  /** Links that lead to slaves elsewhere. */
  readonly links: readonly { readonly link: KmeLink; readonly slaves: readonly string[] }[];
  readonly demand: Demand;
  /** Carries the keys to slaves that no link leads to. @returns the epsilon that this adds @throws NoKeys */
  readonly relay?: (keys: readonly DeliveredKey[]) => Promise<number>;
}

/**
 * Makes keys for an order. They are durable here and known at every slave's key server before they are returned. Those
 * of the first link are its pool's bytes; another link carries them under a one-time pad of its own pool.
 * @returns undefined when the next keys are not what is demanded
 * @throws NoKeys when there are none to give now
 */
export const issueKeys = async ({ count, bytes, links, demand, relay, ...who }: Order, store: StoreClient, log: Log): Promise<readonly DeliveredKey[] | undefined> => {
  await Promise.all(links.map(async ({ link }) => link.ready()));
  const made = await store.call('allocate', { count, bytes, ...who, demand, links: links.map(({ link, slaves }) => ({ link: link.config.name, slaves })) });
  if ('refused' in made) {
    if (made.refused === 'unmet') return undefined;
    const short = links.find(({ link }) => link.config.name === made.link)?.link;
    short?.want(count * bytes);
    throw new TooFewKeys(`the pool for ${short?.config.peerKmeId ?? made.link} has fewer than ${count} keys of ${8 * bytes} bits now`);
  }
  const [relayed, ...noted] = await Promise.allSettled([relay?.(made.keys), ...links.map(async ({ link }, index) => link.reserveAtPeer(made.reservations[index]?.places ?? []))]);
  const failed = noted.findIndex(({ status }) => status === 'rejected');
  const [lost, at] = [noted[failed], links[failed]?.link];
  if (lost?.status !== 'rejected' || at === undefined) {
    if (relayed.status === 'rejected') throw relayed.reason;
    return made.keys.map((key) => ({ ...key, epsilon: key.epsilon + (relayed.value ?? 0) }));
  }
  // Whether the other end noted them is not known: the places stay marked and are lost.
  for (const { link } of links) {
    await store.call('countBurnt', link.config.name, 8 * count * bytes);
    log('keys-burnt', { link: link.config.name, keys: count, reason: messageOf(lost.reason) });
  }
  throw new NoKeys(`the keys could not be reserved at ${at.config.peerKmeId}`, { cause: lost.reason });
};
