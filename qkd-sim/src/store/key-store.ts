/** All that a key server asks of its store, each operation a transaction of its own or a part of a larger one. */
import type { DatabaseSync } from 'node:sqlite';
import { xor } from '../distillation/authentication.js';
import { type FillRandom, randomBytesOf } from '../random.js';
import { type BlockOffer, Blocks } from './blocks.js';
import { inTransaction, joinTransaction } from './database.js';
import { type DeliveredKey, Keys, keyIdAt } from './keys.js';
import { type LinkCounters, LinkRecords } from './link-records.js';
import { Parts } from './parts.js';
import { type Cut, type Demand, type Mark, type Place, type PoolBytes, Pools } from './pools.js';
import type { Vault } from './vault.js';

/** A place in a block that has a key_ID, told to the other end before the key is given out. */
export interface Reservation extends Place {
  readonly keyId: string;
  readonly master: string;
  /** SAEs of the other end's site. */
  readonly slaves: readonly string[];
  /** The probability that the key is not secret, over all links that carry it. */
  readonly epsilon: number;
  /**
   * Absent when the bytes of the place are the key; else the key xor these bytes: a key of another link, under a
   * one-time pad of this one.
   */
  readonly masked?: Uint8Array;
}

/** A request for keys: SAEs of this site, and SAEs at the other ends of links. */
export interface Allocation {
  readonly count: number;
  readonly bytes: number;
  readonly master: string;
  readonly slaves: readonly string[];
  readonly links: readonly { readonly link: string; readonly slaves: readonly string[] }[];
  readonly demand?: Demand;
}

/** Keys that may be given out when the other ends have noted their reservations. */
export interface Allocated {
  readonly keys: readonly DeliveredKey[];
  readonly reservations: readonly { readonly link: string; readonly places: readonly Reservation[] }[];
}

/** What came by one path of keys that others relayed. */
export interface RelayedKeys {
  readonly keys: readonly DeliveredKey[];
  readonly master: string;
  /** SAEs of this site. */
  readonly slaves: readonly string[];
  readonly part: number;
  readonly parts: number;
}

/** Why there are no keys, and of which link. */
export interface NotAllocated {
  readonly refused: 'empty' | 'unmet';
  readonly link: string;
}

/** What a key server knows of a link at any time. */
export interface LinkView {
  readonly counters: LinkCounters;
  readonly pool: PoolBytes;
}

export class KeyStore {
  readonly #database: DatabaseSync;
  readonly #random: FillRandom;
  readonly #now: () => number;
  readonly #blocks: Blocks;
  readonly #pools: Pools;
  readonly #keys: Keys;
  readonly #parts: Parts;
  readonly #records: LinkRecords;

  /** @param random where keys between two SAEs of one site come from */
  constructor(database: DatabaseSync, vault: Vault, random: FillRandom, now: () => number = Date.now) {
    this.#database = database;
    this.#random = random;
    this.#now = now;
    this.#blocks = new Blocks(database, vault);
    this.#pools = new Pools(database, this.#blocks);
    this.#keys = new Keys(database, vault);
    this.#parts = new Parts(database, vault);
    this.#parts.clear();
    this.#records = new LinkRecords(database);
  }

  /** See `Blocks.offers`. */
  offers(link: string): BlockOffer[] {
    return this.#blocks.offers(link);
  }

  /** See `Blocks.compare`. */
  compare(link: string, offers: readonly BlockOffer[]): number[] {
    return inTransaction(this.#database, () => this.#blocks.compare(link, offers));
  }

  /** See `Blocks.settle`. */
  settle(link: string, offered: readonly number[], same: readonly number[]): void {
    inTransaction(this.#database, () => { this.#blocks.settle(link, offered, same); });
  }

  /** See `Pools.mark`. */
  mark(link: string): Mark | undefined {
    return this.#pools.mark(link);
  }

  /** See `Pools.takeMark`. */
  takeMark(link: string, mark: Mark): void {
    inTransaction(this.#database, () => { this.#pools.takeMark(link, mark); });
  }

  /**
   * Takes keys out of the pools that leave this site. They are marked, durably, before this returns, and must be
   * reserved at the other ends before anyone gets them. The first link's bytes are the keys; others' hide them.
   */
  allocate(request: Allocation): Allocated | NotAllocated {
    return joinTransaction(this.#database, () => this.#allocate(request));
  }

  /**
   * Notes keys that the other end is about to give out, so that they can be asked for here.
   * @returns why it is refused, or undefined when it is done
   */
  reserve(link: string, reservations: readonly Reservation[]): string | undefined {
    return this.#attempt<string | undefined>(() => {
      this.#reserve(link, reservations);
      return undefined;
    });
  }

  /**
   * Keeps what came by one path; keys of which all parts are here can be asked for.
   * @returns why it is refused, or undefined when it is done
   */
  takeParts({ keys, master, slaves, part, parts }: RelayedKeys): string | undefined {
    return this.#attempt<string | undefined>(() => {
      for (const one of keys) {
        if (this.#keys.has(one.keyId) || this.#parts.has(one.keyId, part)) throw new Refused(`${one.keyId} is taken`);
        const whole = this.#parts.add(one, part, parts);
        if (whole !== undefined) this.#keys.insert({ ...whole, master, slaves, direction: 'in' });
      }
      return undefined;
    });
  }

  /** See `Keys.deliver`. */
  deliver(master: string, caller: string, keyIds: readonly string[]): DeliveredKey[] | 'unknown' | 'not entitled' {
    return joinTransaction(this.#database, () => this.#keys.deliver(master, caller, keyIds));
  }

  /** See `LinkRecords.abort`. */
  abort(link: string, reason: string, qber: number | undefined): void {
    this.#records.abort(link, reason, qber);
  }

  /** See `LinkRecords.countDrop`. */
  countDrop(link: string, reason: string): void {
    this.#records.countDrop(link, reason);
  }

  /** See `LinkRecords.countBurnt`. */
  countBurnt(link: string, bits: number): void {
    this.#records.countBurnt(link, bits);
  }

  view(link: string): LinkView {
    return { counters: this.#records.counters(link), pool: this.#pools.bytes(link) };
  }

  #allocate({ count, bytes, master, slaves, links, demand }: Allocation): Allocated | NotAllocated {
    const taken: { link: string; slaves: readonly string[]; cuts: readonly Cut[] }[] = [];
    for (const { link, slaves: remote } of links) {
      const cuts = this.#pools.cut(link, count, bytes, demand);
      if (typeof cuts === 'string') return { refused: cuts, link };
      taken.push({ link, slaves: remote, cuts });
    }
    for (const { link, cuts } of taken) this.#pools.pass(link, cuts);
    const [source, ...others] = taken;
    const keys = Array.from({ length: count }, (_, index): DeliveredKey => ({
      keyId: keyIdAt(this.#now()),
      key: source === undefined ? randomBytesOf(this.#random, bytes) : at(source.cuts, index).key,
      epsilon: taken.reduce((sum, { cuts }) => sum + at(cuts, index).epsilon, 0),
    }));
    keys.forEach((key, index) => {
      this.#keys.insert({ ...key, master, slaves, ...(source !== undefined && { direction: 'out', place: { ...at(source.cuts, index), link: source.link } }) });
    });
    const reservations = ({ link, slaves: remote, cuts }: (typeof taken)[number], carried: boolean): Allocated['reservations'][number] => ({
      link,
      places: keys.map(({ keyId, key, epsilon }, index) => {
        const { block, start, key: pad } = at(cuts, index);
        return { keyId, block, start, bytes, master, slaves: remote, epsilon, ...(carried && { masked: xor(key, pad) }) };
      }),
    });
    return { keys, reservations: [...(source === undefined ? [] : [reservations(source, false)]), ...others.map((other) => reservations(other, true))] };
  }

  #reserve(link: string, reservations: readonly Reservation[]): void {
    const taken = this.#pools.takePlaces(link, reservations);
    if (typeof taken === 'string') throw new Refused(taken);
    reservations.forEach(({ masked, ...reservation }, index) => {
      const bytes = taken[index] ?? new Uint8Array();
      if (this.#keys.has(reservation.keyId)) throw new Refused(`${reservation.keyId} is taken`);
      if (masked !== undefined && masked.length !== bytes.length) throw new Refused(`the key of ${reservation.keyId} and its pad differ in length`);
      this.#keys.insert({ ...reservation, key: masked === undefined ? bytes : xor(masked, bytes), direction: 'in', place: { ...reservation, link } });
    });
  }

  /** Runs a transaction that may end in a refusal, which undoes it and is its answer. */
  #attempt<T>(run: () => T): T {
    try {
      return inTransaction(this.#database, run);
    } catch (thrown) {
      if (thrown instanceof Refused) return thrown.answer as T;
      throw thrown;
    }
  }
}

/** What was asked contradicts what is stored: its transaction leaves no trace. */
class Refused extends Error {
  readonly answer: unknown;

  constructor(answer: unknown) {
    super('refused');
    this.answer = answer;
  }
}

const at = (cuts: readonly Cut[], index: number): Cut => {
  const cut = cuts[index];
  if (cut === undefined) throw new RangeError(`no cut ${index}`);
  return cut;
};
