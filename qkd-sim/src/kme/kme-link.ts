/**
 * One link as its key server sees it: the pools, whether it delivers, and, at Alice's site, when it makes a block. A
 * full link does nothing at all.
 */
import type { LinkConfig } from '../config.js';
import { messageOf } from '../error.js';
import type { LinkReport } from '../link/half-messages.js';
import type { Log } from '../log.js';
import { leastLossDb } from '../optics/channel.js';
import { type Eve, noEve } from '../optics/eve.js';
import { blockBits } from '../profiles/profile.js';
import type { Split } from '../store/block-store.js';
import type { BlockOffer } from '../store/blocks.js';
import type { Reservation } from '../store/key-store.js';
import type { Mark } from '../store/pools.js';
import type { StoreClient } from '../store/store-client.js';
import { KEY_BITS, MAX_KEY_BITS } from './limits.js';
import type { LinkState, LinkStatus } from './link-status.js';
import type { PeerClient } from './peer-client.js';
import { ReservationQueue } from './reservation-queue.js';

const KEY_BYTES = KEY_BITS / 8;
const FIRST_RETRY_MS = 500;
/** The longest pause before the next try: a site that comes back is met soon, an eavesdropper is looked for rarely. */
const LAST_RETRY_MS = 5000;
const LAST_ABORT_RETRY_MS = 30_000;

/** Why no keys are given out. */
export class NoKeys extends Error {}

/** Fewer would perhaps do. */
export class TooFewKeys extends NoKeys {}

export class KmeLink {
  readonly config: LinkConfig;
  readonly #store: StoreClient;
  readonly #peer: PeerClient;
  readonly #reservations: ReservationQueue;
  readonly #makeBlock: (split: Split) => void;
  readonly #halted: () => string | undefined;
  readonly #log: Log;
  /** Bytes below which a block is made for the pool that leaves this site, and for the one that leads to it. */
  readonly #low: { out: number; in: number };
  #distilling = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #eve: Eve | undefined;
  #chsh: number | undefined;
  #stopped = false;
  /** Whether the other end knows how far this end's pool is used up; not so after a crash or a lost reservation. */
  #agreed = false;
  #settling: Promise<void> | undefined;
  /** Blocks that are wanted for their own sake, to see what the channel is like now. */
  #probes = 0;
  /** Whether the last block failed. */
  #failing = false;

  constructor(config: LinkConfig, store: StoreClient, peer: PeerClient, makeBlock: (split: Split) => void, log: Log, halted: () => string | undefined = () => undefined) {
    this.config = config;
    this.#store = store;
    this.#peer = peer;
    this.#reservations = new ReservationQueue(async (reservations) => peer.reserve(reservations));
    this.#makeBlock = makeBlock;
    this.#halted = halted;
    this.#log = log;
    this.#low = { out: config.refillBelowKeys * KEY_BYTES, in: config.refillBelowKeys * KEY_BYTES };
    if (config.role === 'alice') this.#eve = config.eve ?? noEve;
  }

  /** Begins: the two ends first agree on what is left from before. */
  async start(): Promise<void> {
    await this.#settle();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopWaiting();
    this.#peer.close();
  }

  /** Why the site gives out no key at all, not even one that was made before. */
  get halted(): string | undefined {
    return this.#halted();
  }

  /** Why the link does not deliver, or undefined when it does. */
  get aborted(): string | undefined {
    return this.halted ?? this.#store.view(this.config.name).counters.aborted;
  }

  status(): LinkStatus {
    const { counters: { aborted: refused, ...counters }, pool } = this.#store.view(this.config.name);
    const { name, role, peerKmeId, profile } = this.config;
    const aborted = this.halted ?? refused;
    const busy: LinkState = this.#distilling ? 'distilling' : this.#retry === undefined ? 'idle' : 'waiting';
    return {
      name, role, peerKmeId, profile: profile.name, lossDb: leastLossDb(profile), maxQber: profile.maxQber, chsh: this.#chsh,
      state: aborted === undefined ? busy : 'aborted', reason: aborted, ...counters,
      storedKeys: Math.floor(pool.out / KEY_BYTES), peerStoredKeys: Math.floor(pool.in / KEY_BYTES), eve: this.#eve,
      health: aborted !== undefined ? 'failed' : pool.out < KEY_BYTES ? 'empty' : this.#failing ? 'degraded' : 'ok',
    };
  }

  /** Keys the pool can hold: a block is made only below the limit, and never has more key than sifted bits. */
  get maxKeys(): number {
    return Math.ceil(this.#low.out / KEY_BYTES + blockBits(this.config.profile) / (8 * KEY_BYTES));
  }

  /** Resolves when keys may be taken. @throws NoKeys when the link is aborted, or the other end away */
  async ready(): Promise<void> {
    const { aborted } = this;
    if (aborted !== undefined) throw new NoKeys(`the link to ${this.config.peerKmeId} is aborted: ${aborted}`);
    // Otherwise each try would burn a key while the other end is away.
    if (!this.#agreed) await this.#settle();
    if (!this.#agreed) throw new NoKeys(`the key server ${this.config.peerKmeId} does not answer`);
  }

  /** Has keys that were taken noted at the other end. @throws Error when it is not known to have done so */
  async reserveAtPeer(reservations: readonly Reservation[]): Promise<void> {
    this.refill();
    try {
      await this.#reservations.add(reservations);
    } catch (thrown) {
      this.#agreed = false;
      this.#later(LAST_RETRY_MS);
      throw thrown;
    }
  }

  /** See `PeerClient.passOn`. */
  async passOn(request: object): Promise<void> {
    await this.#peer.passOn(request);
  }

  /** See `PeerClient.acknowledge`. */
  async acknowledge(url: string, ack: object): Promise<void> {
    await this.#peer.acknowledge(url, ack);
  }

  /** Has the pool that leaves this site grow to the largest request that it could not meet. */
  want(bytes: number): void {
    // A rest that is too small for a key may be burnt on the way.
    this.#low.out = Math.max(this.#low.out, bytes + MAX_KEY_BITS / 8);
    if (this.config.role === 'alice') {
      this.refill();
    } else {
      this.#agreed = false;
      void this.#settle();
    }
  }

  /** The other end is about to give out keys. */
  async reserve(reservations: readonly Reservation[]): Promise<string | undefined> {
    if (this.halted !== undefined) return this.halted;
    const refused = await this.#store.call('reserve', this.config.name, reservations);
    this.refill();
    return refused;
  }

  /** The other end offers its blocks. */
  async compare(offers: readonly BlockOffer[]): Promise<number[]> {
    return this.#store.call('compare', this.config.name, offers);
  }

  /** The other end tells how far its pool is used up, and how much it should hold. */
  async takeMark(mark: Mark | undefined, wantedBytes: number): Promise<void> {
    if (mark !== undefined) await this.#store.call('takeMark', this.config.name, mark);
    this.#low.in = Math.max(this.#low.in, wantedBytes);
    if (this.aborted === undefined) this.#stopWaiting();
    this.refill();
  }

  /** A half of this link has something to say. */
  async report(report: LinkReport): Promise<void> {
    const link = this.config.name;
    if (report.kind === 'begun') {
      this.#distilling = true;
      return;
    }
    this.#distilling = false;
    this.#failing = report.kind === 'failed';
    if (report.kind === 'made') {
      const { number, keyBytes, stats } = report.block;
      this.#chsh = stats.chsh;
      this.#log('block-made', { link, block: number, keyBits: 8 * keyBytes, qber: stats.qber });
      this.#retryMs = FIRST_RETRY_MS;
      if (this.config.role === 'alice') await this.#settle();
      return;
    }
    if (report.kind === 'unreachable') {
      this.#log('link-unreachable', { link, reason: report.reason });
      this.#later(LAST_RETRY_MS);
      return;
    }
    const { failure, reason, qber } = report;
    this.#log(failure === 'abort' ? 'link-aborted' : 'block-dropped', { link, reason, ...(qber !== undefined && { qber }) });
    if (failure === 'abort') await this.#store.call('abort', link, reason, qber);
    else await this.#store.call('countDrop', link, reason);
    this.#later(failure === 'abort' ? LAST_ABORT_RETRY_MS : LAST_RETRY_MS);
  }

  /** Eve changed: one block is made at once, so that her effect shows, or its end. */
  eveChanged(eve: Eve): void {
    this.#eve = eve;
    // Who replays must have heard a block.
    this.probe(eve.attack === 'replay' ? 2 : 1);
  }

  /** Makes blocks at once, to see what the channel is like now. */
  probe(blocks = 1): void {
    this.#probes = blocks;
    this.#retryMs = FIRST_RETRY_MS;
    this.#stopWaiting();
    this.refill();
  }

  /** Makes a block if a pool needs one. */
  refill(): void {
    if (this.config.role !== 'alice' || this.#distilling || this.#retry !== undefined || this.#stopped || this.halted !== undefined) return;
    const split = this.#need();
    if (split !== undefined) this.#make(split);
  }

  /** Which pool has too few keys; an aborted link always tries. */
  #need(): Split | undefined {
    const { pool } = this.#store.view(this.config.name);
    const [out, incoming] = [pool.out < this.#low.out, pool.in < this.#low.in];
    if (out || incoming) return out && incoming ? 'both' : out ? 'alice' : 'bob';
    return this.#probes > 0 || this.aborted !== undefined ? 'both' : undefined;
  }

  #make(split: Split): void {
    this.#distilling = true;
    if (this.#probes > 0) this.#probes--;
    this.#makeBlock(split);
  }

  /** Has the two ends agree on blocks and marks, then goes on; once at a time, and again later if it fails. */
  async #settle(): Promise<void> {
    this.#settling ??= this.#agree().finally(() => { this.#settling = undefined; });
    return this.#settling;
  }

  async #agree(): Promise<void> {
    const { name, role } = this.config;
    try {
      const offers = role === 'alice' ? await this.#store.call('offers', name) : [];
      if (offers.length > 0) await this.#store.call('settle', name, offers.map(({ number }) => number), await this.#peer.match(offers));
      if (!this.#agreed) await this.#peer.agree(await this.#store.call('mark', name), this.#low.out);
      this.#agreed = true;
      // The other end is back; only an abort is worth waiting for.
      if (this.aborted === undefined) this.#stopWaiting();
      this.refill();
    } catch (thrown) {
      if (this.#stopped) return;
      if (this.#retry === undefined) this.#log('peer-unreachable', { link: name, reason: messageOf(thrown) });
      this.#later(LAST_RETRY_MS);
    }
  }

  /** Tries again later, each time after a longer pause. */
  #later(lastMs: number): void {
    if (this.#stopped || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#settle();
    }, Math.min(lastMs, this.#retryMs));
    this.#retryMs = Math.min(lastMs, 2 * this.#retryMs);
  }

  #stopWaiting(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }
}
