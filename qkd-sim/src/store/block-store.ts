/** What a half of a link keeps: the one-time pads of its classical channel, and the blocks it has made. */
import { readFileSync, rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { VectorGhash } from '../distillation/vector-ghash.js';
import { QkdError } from '../error.js';
import { ATTEMPT_BYTES, xor } from '../distillation/authentication.js';
import { inTransaction, prepared } from './database.js';
import { type Row, bytesIn, numberIn } from './row.js';
import type { Vault } from './vault.js';

/** The first bytes of each block that refill the pads of the classical channel. */
export const REFILL_BYTES = 128;
/** The bytes after them: hash key and pad of the check with which the key servers compare the block. */
const CONFIRMATION_BYTES = 32;
/** Bytes at the head of each block that are never delivered. */
export const RESERVED_BYTES = REFILL_BYTES + CONFIRMATION_BYTES;
/** Attempts that are kept for the operator's word, so that no attacker can use up a link's authentication key. */
export const FLOOR_ATTEMPTS = 4;
/** Bytes of an initial key: pads for 16 attempts at a first block. */
export const INITIAL_KEY_BYTES = 16 * ATTEMPT_BYTES;
/** Pools are cut at multiples of this, one key of 256 bits. */
const CELL_BYTES = 32;

/** Which pool a block fills: both by halves, or the poorer one only. */
export type Split = 'both' | 'alice' | 'bob';

/** What is known of a block besides its bits. */
export interface BlockStats {
  readonly siftedBits: number;
  readonly disclosedBits: number;
  /** What may have leaked from Alice's device, booked like what was disclosed. */
  readonly leakedBits: number;
  readonly qber: number;
  /** S of Bell's inequality, of a link with entangled photons. */
  readonly chsh?: number | undefined;
  /** Time the block took on the emulated link. */
  readonly linkSeconds: number;
  /** Probability that the block is not secret, or not the same at both ends: secrecy and correctness together. */
  readonly epsilon: number;
}

/** Which pads and number a block gets. */
export interface Agreement {
  readonly block: number;
  readonly attempt: number;
}

/** The bytes that go to the pool from Alice to Bob and to the one back; a rest smaller than a cell goes to none. */
const parts = (bytes: number, split: Split): [alice: number, bob: number] => {
  const cells = Math.floor((bytes - RESERVED_BYTES) / CELL_BYTES);
  const alice = { both: Math.ceil(cells / 2), alice: cells, bob: 0 }[split];
  return [CELL_BYTES * alice, CELL_BYTES * (cells - alice)];
};

/** One-time authentication of a block's own bits: tells whether both ends hold the same, and nothing else. */
const confirmationOf = (secret: Uint8Array): Uint8Array => {
  const hashKey = secret.subarray(REFILL_BYTES, REFILL_BYTES + 16);
  const pad = secret.subarray(REFILL_BYTES + 16, RESERVED_BYTES);
  return xor(new VectorGhash(hashKey).update(secret.subarray(0, REFILL_BYTES)).update(secret.subarray(RESERVED_BYTES)).digest(), pad);
};

export const padsPlace = (link: string): string => `pads of ${link}`;
export const blockPlace = (link: string, number: number): string => `block ${number} of ${link}`;

export class BlockStore {
  readonly #database: DatabaseSync;
  readonly #vault: Vault;
  readonly #link: string;
  readonly #role: 'alice' | 'bob';
  readonly #now: () => number;
  #allowed = false;

  /** @param now ms since 1970 */
  constructor(database: DatabaseSync, vault: Vault, link: string, role: 'alice' | 'bob', now: () => number = Date.now) {
    this.#database = database;
    this.#vault = vault;
    this.#link = link;
    this.#role = role;
    this.#now = now;
  }

  /**
   * Takes the initial key of the classical channel, once: its file is removed when its content is in the store, since a
   * pad used twice would break the authentication.
   * @throws QkdError CONFIG when the store has no pads and there is no such file
   */
  importInitialKey(file: string): void {
    if (this.#row() === undefined) {
      const key = readKey(file);
      this.#sql('INSERT INTO link (name, pads) VALUES (?, ?)')
        .run(this.#link, this.#vault.seal(key, padsPlace(this.#link)));
    }
    rmSync(file, { force: true });
  }

  /** The lowest block number and attempt that this end has not used. */
  next(): Agreement {
    const row = this.#sql('SELECT coalesce(max(number) + 1, 0) AS next FROM block WHERE link = ?').get(this.#link);
    return { block: numberIn(row, 'next'), attempt: numberIn(this.#row(), 'attempt') };
  }

  /** Bytes of pad left. */
  padBytes(): number {
    return this.#pads().length;
  }

  /** Attempts that are left, those below the floor included. */
  get attemptsLeft(): number {
    return Math.floor(this.padBytes() / ATTEMPT_BYTES);
  }

  /** Lets one attempt go below the floor: the operator's word. */
  allowAttempt(): void {
    this.#allowed = true;
  }

  /** Makes sure that there are pads for an attempt. @throws QkdError PADS when the floor is reached */
  checkPads(attempt: number): void {
    const left = this.attemptsLeft - Math.max(0, attempt - numberIn(this.#row(), 'attempt')) - 1;
    if (left >= (this.#allowed ? 0 : FLOOR_ATTEMPTS)) return;
    throw left < 0
      ? new QkdError('PADS', `the authentication key of link ${this.#link} is used up`, { remedy: 'Give both ends a new initial key.' })
      : new QkdError('PADS', `the authentication key of link ${this.#link} is at its floor of ${FLOOR_ATTEMPTS} blocks: too many failed`, { remedy: 'Find out why, then let both ends try again with qkd-sim resume.' });
  }

  /**
   * The secret of one attempt. It is gone from the store, durably, before it is returned, and so are those of attempts
   * before, which the other end has used.
   * @throws QkdError PADS when the floor is reached
   */
  takePads(attempt: number): Uint8Array {
    return inTransaction(this.#database, () => {
      this.checkPads(attempt);
      if (this.attemptsLeft <= FLOOR_ATTEMPTS) this.#allowed = false;
      this.#advance(attempt);
      const secret = this.#pads().slice(0, ATTEMPT_BYTES);
      this.#advance(attempt + 1);
      return secret;
    });
  }

  /** Keeps a block whose tags were good. It is delivered from when the key servers have compared it. */
  deposit(number: number, split: Split, secret: Uint8Array, stats: BlockStats): void {
    const [aliceBytes, bobBytes] = parts(secret.length, split);
    const middle = RESERVED_BYTES + aliceBytes;
    const halves = [[RESERVED_BYTES, middle], [middle, middle + bobBytes]];
    const [out, incoming] = this.#role === 'alice' ? halves : halves.reverse();
    inTransaction(this.#database, () => {
      this.#sql('INSERT INTO secret (link, block, bytes) VALUES (?, ?, ?)').run(this.#link, number, this.#vault.seal(secret, blockPlace(this.#link, number)));
      this.#sql(`INSERT INTO block (link, number, state, bytes, aliceBytes, confirmation, stats, epsilon, madeAt, outStart, outMark, outEnd, inMark, inEnd)
          VALUES (?, ?, 'deposited', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
        .run(
          this.#link, number, secret.length, aliceBytes, confirmationOf(secret), JSON.stringify(stats), stats.epsilon, this.#now(),
          out?.[0] ?? 0, ...(out ?? []), ...(incoming ?? []),
        );
    });
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }

  #row(): Row | undefined {
    return this.#sql('SELECT pads, attempt FROM link WHERE name = ?').get(this.#link);
  }

  #pads(): Uint8Array {
    return this.#vault.open(bytesIn(this.#row(), 'pads'), padsPlace(this.#link));
  }

  /** Moves on to an attempt; never back. */
  #advance(attempt: number): void {
    const steps = attempt - numberIn(this.#row(), 'attempt');
    if (steps <= 0) return;
    this.#sql('UPDATE link SET pads = ?, attempt = ? WHERE name = ?')
      .run(this.#vault.seal(this.#pads().subarray(steps * ATTEMPT_BYTES), padsPlace(this.#link)), attempt, this.#link);
  }
}

const readKey = (file: string): Uint8Array => {
  let key: Uint8Array;
  try {
    key = readFileSync(file);
  } catch (cause) {
    throw new QkdError('CONFIG', `the initial key ${file} cannot be read`, { cause, remedy: 'Make one for both ends with qkd-sim init.' });
  }
  if (key.length !== INITIAL_KEY_BYTES) throw new QkdError('CONFIG', `the initial key ${file} has ${key.length} bytes, not ${INITIAL_KEY_BYTES}`);
  return key;
};
