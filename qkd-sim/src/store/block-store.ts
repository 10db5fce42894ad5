/** What a half of a link keeps: the one-time pads of its classical channel, and the blocks it has made. */
import { readFileSync, rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Ghash } from '../distillation/ghash.js';
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
  return xor(new Ghash(hashKey).update(secret.subarray(0, REFILL_BYTES)).update(secret.subarray(RESERVED_BYTES)).digest(), pad);
};

export const padsPlace = (link: string): string => `pads of ${link}`;
export const blockPlace = (link: string, number: number): string => `block ${number} of ${link}`;

export class BlockStore {
  readonly #database: DatabaseSync;
  readonly #vault: Vault;
  readonly #link: string;
  readonly #role: 'alice' | 'bob';
  readonly #now: () => number;

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

  /** Burns the pads of attempts before this one, which the other end has already used. */
  skipTo(attempt: number): void {
    inTransaction(this.#database, () => { this.#advance(attempt); });
  }

  /**
   * The secret of one attempt. It is gone from the store, durably, before it is returned.
   * @throws QkdError STORE when the pads are used up
   */
  takePads(attempt: number): Uint8Array {
    return inTransaction(this.#database, () => {
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
    this.#sql(`INSERT INTO block (link, number, state, bytes, aliceBytes, secret, confirmation, stats, epsilon, madeAt, outStart, outMark, outEnd, inMark, inEnd)
        VALUES (?, ?, 'deposited', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(
        this.#link, number, secret.length, aliceBytes, this.#vault.seal(secret, blockPlace(this.#link, number)),
        confirmationOf(secret), JSON.stringify(stats), stats.epsilon, this.#now(), out?.[0] ?? 0, ...(out ?? []), ...(incoming ?? []),
      );
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
    const pads = this.#pads();
    if (pads.length < steps * ATTEMPT_BYTES) {
      throw new QkdError('STORE', `the authentication key of link ${this.#link} is used up`, { remedy: 'Give both ends a new initial key.' });
    }
    this.#sql('UPDATE link SET pads = ?, attempt = ? WHERE name = ?')
      .run(this.#vault.seal(pads.subarray(steps * ATTEMPT_BYTES), padsPlace(this.#link)), attempt, this.#link);
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
