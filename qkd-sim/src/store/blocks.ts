/** Blocks of key at a key server: the two ends compare them, deliver from the equal ones, and forget the used ones. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { sameTag } from '../distillation/authentication.js';
import { type BlockStats, REFILL_BYTES, blockPlace, padsPlace } from './block-store.js';
import { prepared } from './database.js';
import { type Row, bytesIn, numberIn, textIn } from './row.js';
import type { Vault } from './vault.js';

/** What one end tells the other of a block it has, so that both deliver from it or neither. */
export interface BlockOffer {
  readonly number: number;
  readonly bytes: number;
  readonly aliceBytes: number;
  readonly confirmation: Uint8Array;
}

const blockStats = z.object({
  siftedBits: z.number(), disclosedBits: z.number(), leakedBits: z.number(), qber: z.number(), linkSeconds: z.number(), epsilon: z.number(), chsh: z.number().optional(),
}) satisfies z.ZodType<BlockStats>;

export class Blocks {
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
    const same = offers.filter((offer) => this.#matches(link, offer)).map(({ number }) => number);
    for (const number of same) this.open(link, number);
    const last = Math.max(-1, ...offers.map(({ number }) => number));
    for (const { number } of this.offers(link)) if (number <= last && !same.includes(number)) this.#drop(link, number);
    return same;
  }

  /** Takes the other end's answer to one's offers: what is the same is open, what it lacks is dropped. */
  settle(link: string, offered: readonly number[], same: readonly number[]): void {
    for (const number of offered) {
      if (same.includes(number)) this.open(link, number);
      else this.#drop(link, number);
    }
  }

  /** What is known of a block besides its bits. */
  row(link: string, number: number): Row | undefined {
    return this.#sql('SELECT state, bytes, aliceBytes, confirmation, stats, epsilon, madeAt, outMark, outEnd, inMark, inEnd FROM block WHERE link = ? AND number = ?').get(link, number);
  }

  /** The row of a block that is delivered from; undefined for any other. */
  openRow(link: string, number: number): Row | undefined {
    const row = this.row(link, number);
    return row?.['state'] === 'open' ? row : undefined;
  }

  /** A copy of the bytes at a place of a block. */
  bytes(link: string, number: number, start: number, length: number): Uint8Array {
    const place = blockPlace(link, number);
    const secret = this.#secrets.get(place) ?? this.#vault.open(this.#sealed(link, number), place);
    this.#secrets.set(place, secret);
    return Uint8Array.from(secret.subarray(start, start + length));
  }

  /** Opens a block, once: its head refills the pads, its counts go to the link, an abort before it is over. */
  open(link: string, number: number): void {
    const row = this.row(link, number);
    if (row?.['state'] !== 'deposited') return;
    const stats = blockStats.parse(JSON.parse(textIn(row, 'stats')));
    const keyBits = 8 * numberIn(row, 'bytes');
    const pads = bytesIn(this.#sql('SELECT pads FROM link WHERE name = ?').get(link), 'pads');
    const refilled = Buffer.concat([this.#vault.open(pads, padsPlace(link)), this.bytes(link, number, 0, REFILL_BYTES)]);
    this.#sql("UPDATE block SET state = 'open' WHERE link = ? AND number = ?").run(link, number);
    this.#sql(`UPDATE link SET pads = ?, blocks = blocks + 1, siftedBits = siftedBits + ?, disclosedBits = disclosedBits + ?,
        leakedBits = leakedBits + ?, secretBits = secretBits + ?, epsilon = epsilon + ?, qber = ?, keyRateBps = ?,
        aborted = CASE WHEN abortedFrom <= ? THEN NULL ELSE aborted END WHERE name = ?`)
      .run(this.#vault.seal(refilled, padsPlace(link)), stats.siftedBits, stats.disclosedBits, stats.leakedBits, keyBits, stats.epsilon, stats.qber,
        keyBits / stats.linkSeconds, number, link);
    this.wipe(link, number);
  }

  /** Forgets the bytes of a block that is used up. */
  wipe(link: string, number: number): void {
    const row = this.openRow(link, number);
    if (row !== undefined && row['outMark'] === row['outEnd'] && row['inMark'] === row['inEnd']) this.#forget(link, number);
  }

  #sealed(link: string, number: number): Uint8Array {
    return bytesIn(this.#sql('SELECT bytes FROM secret WHERE link = ? AND block = ?').get(link, number), 'bytes');
  }

  #matches(link: string, offer: BlockOffer): boolean {
    const row = this.row(link, offer.number);
    return row !== undefined && row['state'] !== 'dropped' && row['bytes'] === offer.bytes && row['aliceBytes'] === offer.aliceBytes
      && sameTag(bytesIn(row, 'confirmation'), offer.confirmation);
  }

  #drop(link: string, number: number): void {
    const dropped = this.#sql("UPDATE block SET state = 'dropped', outMark = outEnd, inMark = inEnd WHERE link = ? AND number = ? AND state = 'deposited'")
      .run(link, number);
    if (dropped.changes > 0) this.#forget(link, number);
  }

  #forget(link: string, number: number): void {
    const place = blockPlace(link, number);
    this.#secrets.get(place)?.fill(0);
    this.#secrets.delete(place);
    this.#sql('DELETE FROM secret WHERE link = ? AND block = ?').run(link, number);
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }
}
