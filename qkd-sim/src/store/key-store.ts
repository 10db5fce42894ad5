/**
 * What a key server keeps: the pools of its links. Each block is cut by rule into the pool from Alice to Bob and the
 * one back, and each key server allocates from the pool that leaves its own site only, so that two ends never race.
 * Marks only grow; a key may be lost by a crash, never doubled.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { ATTEMPT_BYTES, sameTag } from '../distillation/authentication.js';
import { type BlockStats, REFILL_BYTES, RESERVED_BYTES, blockPlace, padsPlace } from './block-store.js';
import { inTransaction, prepared } from './database.js';
import { type Row, bytesIn, numberIn, optional, textIn } from './row.js';
import type { Vault } from './vault.js';

/** What one end tells the other of a block it has, so that both deliver from it or neither. */
export interface BlockOffer {
  readonly number: number;
  readonly bytes: number;
  readonly aliceBytes: number;
  readonly confirmation: Uint8Array;
}

/** A place in a block that has a key_ID, told to the other end before the key is given out. */
export interface Reservation {
  readonly keyId: string;
  readonly block: number;
  readonly start: number;
  readonly bytes: number;
  readonly master: string;
  readonly slave: string;
}

/** How far the pool that leaves a site is used up, whether or not the other end noted every key. */
export interface Mark {
  readonly block: number;
  readonly used: number;
}

/** A key as it is given out. */
export interface DeliveredKey {
  readonly keyId: string;
  readonly key: Uint8Array;
}

/** A request for keys out of a pool. */
export interface Allocation {
  readonly count: number;
  readonly bytes: number;
  readonly master: string;
  readonly slave: string;
}

/** The counters of a link, over its whole life. Bits unless the name says otherwise; ratios 0 to 1. */
export interface LinkCounters {
  /** Why the link delivers nothing, while it does not. */
  readonly aborted: string | undefined;
  /** Of the last block, made or refused. */
  readonly qber: number | undefined;
  /** Of the last block that was made: secret bits by the time it took on the emulated link. */
  readonly keyRateBps: number | undefined;
  readonly blocks: number;
  readonly siftedBits: number;
  readonly disclosedBits: number;
  readonly secretBits: number;
  /** Secret bits used to authenticate the classical channel and to compare blocks. */
  readonly authenticationBits: number;
  /** Secret bits given a key_ID, in both directions. */
  readonly usedBits: number;
  readonly aborts: number;
  readonly drops: number;
  /** Why the last block that failed did. */
  readonly lastReason: string | undefined;
}

const blockStats = z.object({ siftedBits: z.number(), disclosedBits: z.number(), qber: z.number(), linkSeconds: z.number() }) satisfies z.ZodType<BlockStats>;

const keyPlace = (keyId: string, slave: string): string => `key ${keyId} for ${slave}`;

export class KeyStore {
  readonly #database: DatabaseSync;
  readonly #vault: Vault;
  /** Blocks in use, opened once. */
  readonly #secrets = new Map<string, Uint8Array>();

  constructor(database: DatabaseSync, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  /** The blocks of a link that the other end has not confirmed yet, in order. */
  offers(link: string): BlockOffer[] {
    const rows = this.#sql("SELECT number, bytes, aliceBytes, confirmation FROM block WHERE link = ? AND state = 'deposited' ORDER BY number")
      .all(link);
    return rows.map((row) => ({
      number: numberIn(row, 'number'), bytes: numberIn(row, 'bytes'), aliceBytes: numberIn(row, 'aliceBytes'), confirmation: bytesIn(row, 'confirmation'),
    }));
  }

  /**
   * Compares the other end's blocks with one's own. Equal ones are open from now on; own ones that the other end has
   * not, though it has later ones, are dropped.
   * @returns the numbers of the blocks that are the same
   */
  compare(link: string, offers: readonly BlockOffer[]): number[] {
    return inTransaction(this.#database, () => {
      const same = offers.filter((offer) => this.#matches(link, offer)).map(({ number }) => number);
      for (const number of same) this.#open(link, number);
      const last = Math.max(-1, ...offers.map(({ number }) => number));
      for (const { number } of this.offers(link)) if (number <= last && !same.includes(number)) this.#drop(link, number);
      return same;
    });
  }

  /** Takes the other end's answer to one's offers: what is the same is open, what it lacks is dropped. */
  settle(link: string, offered: readonly number[], same: readonly number[]): void {
    inTransaction(this.#database, () => {
      for (const number of offered) {
        if (same.includes(number)) this.#open(link, number);
        else this.#drop(link, number);
      }
    });
  }

  /**
   * Takes keys out of the pool that leaves this site. They are marked, durably, before this returns, and must be
   * reserved at the other end before anyone gets them.
   * @returns undefined when the pool has too few
   */
  allocate(link: string, { count, bytes, master, slave }: Allocation): { reservation: Reservation; key: Uint8Array }[] | undefined {
    return inTransaction(this.#database, () => {
      const keys: { reservation: Reservation; key: Uint8Array }[] = [];
      for (const { number, outMark, outEnd } of this.#pool(link)) {
        const room = Math.min(count - keys.length, Math.floor((outEnd - outMark) / bytes));
        for (let i = 0; i < room; i++) {
          const reservation = { keyId: randomUUID(), block: number, start: outMark + i * bytes, bytes, master, slave };
          keys.push({ reservation, key: this.#secret(link, number).slice(reservation.start, reservation.start + bytes) });
        }
      }
      if (keys.length < count) return undefined;
      for (const { reservation } of keys) this.#insertKey(link, reservation, 'out');
      return keys;
    });
  }

  /**
   * Notes keys that the other end is about to give out, so that they can be asked for here.
   * @returns why it is refused, or undefined when it is done
   */
  reserve(link: string, reservations: readonly Reservation[]): string | undefined {
    try {
      inTransaction(this.#database, () => {
        for (const reservation of reservations) this.#reserveOne(link, reservation);
      });
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Refused) return thrown.message;
      throw thrown;
    }
  }

  /** The mark of the pool that leaves this site: of the last block that it has used; undefined when it has used none. */
  mark(link: string): Mark | undefined {
    const row = this.#sql("SELECT block, start + bytes AS used FROM key WHERE link = ? AND direction = 'out' ORDER BY block DESC, start DESC LIMIT 1")
      .get(link);
    return row === undefined ? undefined : { block: numberIn(row, 'block'), used: numberIn(row, 'used') };
  }

  /** Takes the other end's mark: what it has used up without a reservation that arrived here is burnt. */
  takeMark(link: string, { block, used }: Mark): void {
    inTransaction(this.#database, () => {
      this.#open(link, block);
      const row = this.#block(link, block);
      if (row?.['state'] === 'open' && used <= numberIn(row, 'inEnd')) this.#moveMark(link, block, 'in', used);
    });
  }

  /**
   * Gives keys to the SAE they were reserved for, all or none, once.
   * @returns `unknown` when a key is not there (any more), `not entitled` when it was reserved for others
   */
  deliver(master: string, caller: string, keyIds: readonly string[]): DeliveredKey[] | 'unknown' | 'not entitled' {
    return inTransaction(this.#database, () => {
      const rows = keyIds.map((keyId) => this.#sql('SELECT * FROM key WHERE keyId = ?').all(keyId));
      if (rows.some((found) => found.length > 0 && !found.some((row) => row['slave'] === caller))) return 'not entitled';
      const own = rows.map((found) => found.find((row) => row['slave'] === caller && row['master'] === master && row['delivered'] === 0));
      if (own.includes(undefined)) return 'unknown';
      return keyIds.map((keyId, index) => {
        const key = this.#vault.open(bytesIn(own[index], 'secret'), keyPlace(keyId, caller));
        this.#sql('UPDATE key SET delivered = 1, secret = NULL WHERE keyId = ? AND slave = ?').run(keyId, caller);
        return { keyId, key };
      });
    });
  }

  /** Bytes left in the pool that leaves this site and in the one that leads to it. */
  poolBytes(link: string): { out: number; in: number } {
    const row = this.#sql("SELECT coalesce(sum(outEnd - outMark), 0) AS outBytes, coalesce(sum(inEnd - inMark), 0) AS inBytes FROM block WHERE link = ? AND state = 'open'")
      .get(link);
    return { out: numberIn(row, 'outBytes'), in: numberIn(row, 'inBytes') };
  }

  /** Stops the delivery of a link until a block is made after this moment. */
  abort(link: string, reason: string, qber: number | undefined): void {
    this.#sql(`UPDATE link SET aborted = ?1, lastReason = ?1, qber = coalesce(?2, qber), aborts = aborts + 1,
        abortedFrom = (SELECT coalesce(max(number) + 1, 0) FROM block WHERE link = ?3) WHERE name = ?3`)
      .run(reason, qber ?? null, link);
  }

  /** Counts a block that was lost on the way. */
  countDrop(link: string, reason: string): void {
    this.#sql('UPDATE link SET drops = drops + 1, lastReason = ? WHERE name = ?').run(reason, link);
  }

  counters(link: string): LinkCounters {
    const row = this.#sql('SELECT * FROM link WHERE name = ?').get(link);
    const count = (column: string): number => numberIn(row, column);
    const blocks = count('blocks');
    return {
      aborted: optional(row, 'aborted', textIn), qber: optional(row, 'qber', numberIn), keyRateBps: optional(row, 'keyRateBps', numberIn),
      blocks, siftedBits: count('siftedBits'), disclosedBits: count('disclosedBits'), secretBits: count('secretBits'),
      authenticationBits: 8 * (count('attempt') * ATTEMPT_BYTES + blocks * (RESERVED_BYTES - REFILL_BYTES)),
      usedBits: count('usedBits'), aborts: count('aborts'), drops: count('drops'), lastReason: optional(row, 'lastReason', textIn),
    };
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }

  #pool(link: string): { number: number; outMark: number; outEnd: number }[] {
    return this.#sql("SELECT number, outMark, outEnd FROM block WHERE link = ? AND state = 'open' AND outMark < outEnd ORDER BY number")
      .all(link)
      .map((row) => ({ number: numberIn(row, 'number'), outMark: numberIn(row, 'outMark'), outEnd: numberIn(row, 'outEnd') }));
  }

  #block(link: string, number: number): Row | undefined {
    return this.#sql('SELECT * FROM block WHERE link = ? AND number = ?').get(link, number);
  }

  #matches(link: string, offer: BlockOffer): boolean {
    const row = this.#block(link, offer.number);
    return row !== undefined && row['state'] !== 'dropped' && row['bytes'] === offer.bytes && row['aliceBytes'] === offer.aliceBytes
      && sameTag(bytesIn(row, 'confirmation'), offer.confirmation);
  }

  /** Opens a block, once: its head refills the pads, its counts go to the link, an abort before it is over. */
  #open(link: string, number: number): void {
    const row = this.#block(link, number);
    if (row?.['state'] !== 'deposited') return;
    const stats = blockStats.parse(JSON.parse(textIn(row, 'stats')));
    const secret = this.#secret(link, number);
    const pads = bytesIn(this.#sql('SELECT pads FROM link WHERE name = ?').get(link), 'pads');
    const refilled = Buffer.concat([this.#vault.open(pads, padsPlace(link)), secret.subarray(0, REFILL_BYTES)]);
    this.#sql("UPDATE block SET state = 'open' WHERE link = ? AND number = ?").run(link, number);
    this.#sql(`UPDATE link SET pads = ?, blocks = blocks + 1, siftedBits = siftedBits + ?, disclosedBits = disclosedBits + ?,
        secretBits = secretBits + ?, qber = ?, keyRateBps = ?, aborted = CASE WHEN abortedFrom <= ? THEN NULL ELSE aborted END WHERE name = ?`)
      .run(this.#vault.seal(refilled, padsPlace(link)), stats.siftedBits, stats.disclosedBits, 8 * secret.length, stats.qber,
        (8 * secret.length) / stats.linkSeconds, number, link);
    this.#wipe(link, number);
  }

  #drop(link: string, number: number): void {
    this.#secrets.delete(blockPlace(link, number));
    this.#sql("UPDATE block SET state = 'dropped', secret = NULL, outMark = outEnd, inMark = inEnd WHERE link = ? AND number = ? AND state = 'deposited'")
      .run(link, number);
  }

  #secret(link: string, number: number): Uint8Array {
    const place = blockPlace(link, number);
    const secret = this.#secrets.get(place) ?? this.#vault.open(bytesIn(this.#block(link, number), 'secret'), place);
    this.#secrets.set(place, secret);
    return secret;
  }

  #reserveOne(link: string, reservation: Reservation): void {
    const { block, start, bytes, keyId } = reservation;
    // The other end allocates only from blocks that this end has confirmed, even if it did not live to know.
    this.#open(link, block);
    const row = this.#block(link, block);
    if (row?.['state'] !== 'open') throw new Refused(`block ${block} is not open here`);
    if (start < numberIn(row, 'inMark') || start + bytes > numberIn(row, 'inEnd')) throw new Refused(`place ${start} of block ${block} is taken`);
    if (this.#sql('SELECT 1 FROM key WHERE keyId = ?').get(keyId) !== undefined) throw new Refused(`${keyId} is taken`);
    this.#insertKey(link, reservation, 'in');
  }

  /** Gives a place its key_ID, once and for all, and moves the pool's mark behind it. */
  #insertKey(link: string, { keyId, block, start, bytes, master, slave }: Reservation, direction: 'in' | 'out'): void {
    const end = start + bytes;
    const secret = direction === 'out' ? null : this.#vault.seal(this.#secret(link, block).slice(start, end), keyPlace(keyId, slave));
    this.#sql('INSERT INTO key (keyId, slave, master, link, block, start, bytes, direction, delivered, secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(keyId, slave, master, link, block, start, bytes, direction, direction === 'out' ? 1 : 0, secret);
    this.#sql('UPDATE link SET usedBits = usedBits + ? WHERE name = ?').run(8 * bytes, link);
    this.#moveMark(link, block, direction, end);
  }

  /**
   * A pool is a queue: a key of a block uses up all earlier blocks, at both ends alike. A rest that was too small for
   * the key asked is burnt so.
   */
  #moveMark(link: string, block: number, direction: 'in' | 'out', end: number): void {
    const [mark, last] = [`${direction}Mark`, `${direction}End`];
    const left = this.#sql(`UPDATE block SET ${mark} = ${last} WHERE link = ? AND number < ? AND ${mark} < ${last} RETURNING number`)
      .all(link, block);
    this.#sql(`UPDATE block SET ${mark} = max(${mark}, ?) WHERE link = ? AND number = ?`).run(end, link, block);
    for (const number of [...left.map((row) => numberIn(row, 'number')), block]) this.#wipe(link, number);
  }

  /** Forgets the bytes of a block that is used up. */
  #wipe(link: string, block: number): void {
    const wiped = this.#sql("UPDATE block SET secret = NULL WHERE link = ? AND number = ? AND state = 'open' AND outMark = outEnd AND inMark = inEnd")
      .run(link, block);
    if (wiped.changes > 0) this.#secrets.delete(blockPlace(link, block));
  }
}

/** A reservation that contradicts what is stored. */
class Refused extends Error {}
