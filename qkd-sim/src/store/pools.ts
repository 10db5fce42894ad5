/**
 * The pools of a link. Each block is cut by rule into the pool from Alice to Bob and the one back, and each key server
 * takes from the pool that leaves its own site only, so that two ends never race. Marks only grow; a key may be lost by
 * a crash, never doubled.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Blocks } from './blocks.js';
import { prepared } from './database.js';
import { numberIn } from './row.js';

/** How far the pool that leaves a site is used up, whether or not the other end noted every key. */
export interface Mark {
  readonly block: number;
  readonly used: number;
}

/** Bytes of key in a block. */
export interface Place {
  readonly block: number;
  readonly start: number;
  readonly bytes: number;
}

/** A place, its bytes, and the probability that they are not secret, that of their block. */
export interface Cut extends Place {
  readonly key: Uint8Array;
  readonly epsilon: number;
}

/** What a caller demands of the keys. */
export interface Demand {
  /** The largest epsilon. */
  readonly maxEpsilon?: number;
  /** The earliest moment at which a key was made, ms since 1970. */
  readonly madeAfter?: number;
}

/** Bytes in the pool that leaves a site and in the one that leads to it. */
export interface PoolBytes {
  readonly out: number;
  readonly in: number;
}

export class Pools {
  readonly #database: DatabaseSync;
  readonly #blocks: Blocks;

  constructor(database: DatabaseSync, blocks: Blocks) {
    this.#database = database;
    this.#blocks = blocks;
  }

  bytes(link: string): PoolBytes {
    const of = (direction: 'in' | 'out'): number => numberIn(this.#sql(`SELECT coalesce(sum(${direction}End - ${direction}Mark), 0) AS bytes
        FROM block WHERE link = ? AND state = 'open' AND ${direction}Mark < ${direction}End`).get(link), 'bytes');
    return { out: of('out'), in: of('in') };
  }

  /**
   * Finds keys at the head of the pool that leaves this site, all or none; `pass` takes them.
   * @returns `empty` when there are too few, `unmet` when the next ones are not what is demanded
   */
  cut(link: string, count: number, bytes: number, { maxEpsilon = Infinity, madeAfter = -Infinity }: Demand = {}): Cut[] | 'empty' | 'unmet' {
    const cuts: Cut[] = [];
    const rows = this.#sql("SELECT number, outMark, outEnd, epsilon, madeAt FROM block WHERE link = ? AND state = 'open' AND outMark < outEnd ORDER BY number")
      .iterate(link);
    for (const row of rows) {
      const [block, mark, end, epsilon] = [numberIn(row, 'number'), numberIn(row, 'outMark'), numberIn(row, 'outEnd'), numberIn(row, 'epsilon')];
      const room = Math.min(count - cuts.length, Math.floor((end - mark) / bytes));
      if (room > 0 && (epsilon > maxEpsilon || numberIn(row, 'madeAt') < madeAfter)) return 'unmet';
      const keys = room > 0 ? this.#blocks.bytes(link, block, mark, room * bytes) : new Uint8Array();
      for (let at = 0; at < room * bytes; at += bytes) cuts.push({ block, start: mark + at, bytes, epsilon, key: keys.subarray(at, at + bytes) });
      if (cuts.length === count) break;
    }
    return cuts.length < count ? 'empty' : cuts;
  }

  /** Takes what `cut` found out of the pool. */
  pass(link: string, cuts: readonly Cut[]): void {
    // The cuts of a block follow each other: its last one moves the mark over all of them.
    cuts.forEach(({ block, start, bytes }, index) => {
      if (cuts[index + 1]?.block !== block) this.#advance(link, block, 'out', start + bytes, cuts.filter((cut) => cut.block === block).length * bytes);
    });
  }

  /**
   * Takes places out of the pool that leads to this site, in their order, because the other end has given them key_IDs.
   * @returns their bytes, or why they are refused
   */
  takePlaces(link: string, places: readonly Place[]): Uint8Array[] | string {
    let [current, mark, end, given] = [-1, 0, 0, 0];
    const taken: Uint8Array[] = [];
    const pass = (): void => { if (current >= 0) this.#advance(link, current, 'in', mark, given); };
    for (const { block, start, bytes } of places) {
      if (block !== current) {
        pass();
        // The other end takes only from blocks that this end has confirmed, even if it did not live to know.
        this.#blocks.open(link, block);
        const row = this.#blocks.openRow(link, block);
        if (row === undefined) return `block ${block} is not open here`;
        [current, mark, end, given] = [block, numberIn(row, 'inMark'), numberIn(row, 'inEnd'), 0];
      }
      if (start < mark || start + bytes > end) return `place ${start} of block ${block} is taken`;
      taken.push(this.#blocks.bytes(link, block, start, bytes));
      [mark, given] = [start + bytes, given + bytes];
    }
    pass();
    return taken;
  }

  /** The mark of the pool that leaves this site: of the last block that it has used; undefined when it has used none. */
  mark(link: string): Mark | undefined {
    const row = this.#sql("SELECT number AS block, outMark AS used FROM block WHERE link = ? AND state = 'open' AND outMark > outStart ORDER BY number DESC LIMIT 1")
      .get(link);
    return row === undefined ? undefined : { block: numberIn(row, 'block'), used: numberIn(row, 'used') };
  }

  /** Takes the other end's mark: what it has used up without a reservation that arrived here is burnt. */
  takeMark(link: string, { block, used }: Mark): void {
    this.#blocks.open(link, block);
    const row = this.#blocks.openRow(link, block);
    if (row !== undefined && used <= numberIn(row, 'inEnd')) this.#advance(link, block, 'in', used, 0);
  }

  /**
   * A pool is a queue: a key of a block uses up all earlier blocks, at both ends alike. A rest that was too small for
   * the key asked is burnt so.
   * @param given the bytes up to `end` that got a key_ID; what else is passed over is counted as burnt
   */
  #advance(link: string, block: number, direction: 'in' | 'out', end: number, given: number): void {
    const [mark, last] = [`${direction}Mark`, `${direction}End`];
    const earlier = this.#sql(`SELECT number, ${last} - ${mark} AS rest FROM block WHERE link = ? AND number < ? AND ${mark} < ${last}`).all(link, block);
    const row = this.#blocks.row(link, block);
    const before = numberIn(row, mark);
    const passed = earlier.reduce((sum, left) => sum + numberIn(left, 'rest'), Math.max(0, end - before));
    if (earlier.length > 0) this.#sql(`UPDATE block SET ${mark} = ${last} WHERE link = ? AND number < ? AND ${mark} < ${last}`).run(link, block);
    this.#sql(`UPDATE block SET ${mark} = max(${mark}, ?) WHERE link = ? AND number = ?`).run(end, link, block);
    this.#sql('UPDATE link SET usedBits = usedBits + ?, burntBits = burntBits + ? WHERE name = ?').run(8 * given, 8 * (passed - given), link);
    for (const left of earlier) this.#blocks.wipe(link, numberIn(left, 'number'));
    if (end >= numberIn(row, last)) this.#blocks.wipe(link, block);
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }
}
