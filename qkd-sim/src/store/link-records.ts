/** What a site keeps of a link as a whole: its counters, and whether it delivers. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ATTEMPT_BYTES } from '../distillation/authentication.js';
import { REFILL_BYTES, RESERVED_BYTES } from './block-store.js';
import { prepared } from './database.js';
import { numberIn, optional, textIn } from './row.js';
import { SEAL_BYTES } from './vault.js';

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
  /** Booked as leaked from Alice's device. */
  readonly leakedBits: number;
  readonly secretBits: number;
  /** Secret bits used to authenticate the classical channel and to compare blocks. */
  readonly authenticationBits: number;
  /** Blocks for which there is authentication key, those below the floor included. */
  readonly attemptsLeft: number;
  /** Secret bits given a key_ID, in both directions. */
  readonly usedBits: number;
  /** Secret bits lost: rests too small for a key, and keys with a key_ID that could not be given out. */
  readonly burntBits: number;
  /** The epsilons of all blocks so far, summed: a bound on the probability that any key of the link is not secret. */
  readonly epsilon: number;
  readonly aborts: number;
  readonly drops: number;
  /** Why the last block that failed did. */
  readonly lastReason: string | undefined;
}

export class LinkRecords {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
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

  /** Counts keys that got a key_ID and then could not be given out. */
  countBurnt(link: string, bits: number): void {
    this.#sql('UPDATE link SET burntBits = burntBits + ? WHERE name = ?').run(bits, link);
  }

  counters(link: string): LinkCounters {
    const row = this.#sql(`SELECT aborted, qber, keyRateBps, blocks, siftedBits, disclosedBits, leakedBits, secretBits, attempt, length(pads) AS padBytes,
        usedBits, burntBits, epsilon, aborts, drops, lastReason FROM link WHERE name = ?`).get(link);
    const count = (column: string): number => numberIn(row, column);
    const blocks = count('blocks');
    return {
      aborted: optional(row, 'aborted', textIn), qber: optional(row, 'qber', numberIn), keyRateBps: optional(row, 'keyRateBps', numberIn),
      blocks, siftedBits: count('siftedBits'), disclosedBits: count('disclosedBits'), leakedBits: count('leakedBits'), secretBits: count('secretBits'),
      authenticationBits: 8 * (count('attempt') * ATTEMPT_BYTES + blocks * (RESERVED_BYTES - REFILL_BYTES)),
      attemptsLeft: Math.floor((count('padBytes') - SEAL_BYTES) / ATTEMPT_BYTES),
      usedBits: count('usedBits'), burntBits: count('burntBits'), epsilon: count('epsilon'),
      aborts: count('aborts'), drops: count('drops'), lastReason: optional(row, 'lastReason', textIn),
    };
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }
}
