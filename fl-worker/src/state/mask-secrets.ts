/** What masks this site's updates in masked mode: pair keys with their ratchet, self-masks, and what was revealed, stored before it leaves (PROTOCOL section 8). */
import type { DatabaseSync } from 'node:sqlite';
import { nextPairKey, type Digest, type Reveal, type Setup, type Signed } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { atomically } from './database.js';

/** What this site has said of a sealed set, and what it has revealed for it. */
export interface Revealed {
  readonly set: Digest;
  /** The signed acknowledgement of the set. */
  readonly acknowledgement: string;
  /** The sealed reveal; absent before the others acknowledged the same set. */
  readonly sealed?: Uint8Array;
}

/** Pieces of a pad, one a round, by MSP ID of who else has it. */
export type Pads = ReadonlyMap<string, readonly Uint8Array[]>;

/** What masks one update under one-time pads: b, and the coefficients of its shares. */
export interface Drawn {
  readonly own: Uint8Array;
  readonly coefficients: Uint8Array;
}

/** Secrets of masked mode in the state of one study. */
export class MaskSecrets {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** This site's set-up for an epoch, as it was last stored. */
  setup(epoch: number): Signed<Setup> | undefined {
    const row = this.#database.prepare('SELECT signed FROM setup WHERE epoch = ?').get(epoch);
    return row === undefined ? undefined : (JSON.parse(row['signed'] as string) as Signed<Setup>);
  }

  /** Stores a set-up with the pair keys it leads to, in place of an earlier one, and which QKD keys it used up. Its blob must be in the blob store already. */
  keepSetup(signed: Signed<Setup>, keys: ReadonlyMap<string, Uint8Array>, pads: Pads = new Map()): void {
    const { epoch, from, pairs } = signed.statement;
    atomically(this.#database, () => {
      for (const table of ['pair_key', 'pad']) this.#database.prepare(`DELETE FROM ${table} WHERE epoch = ?`).run(epoch);
      for (const [member, pieces] of pads) this.#insertPad(epoch, from, member, pieces);
      this.#database.prepare('INSERT OR REPLACE INTO setup (epoch, signed) VALUES (?, ?)').run(epoch, JSON.stringify(signed));
      for (const [member, key] of keys) this.#insert(epoch, from, member, key);
      for (const { to, keyIds } of pairs) this.#database.prepare('UPDATE master_key SET round = ? WHERE recipient = ? AND key_ids = ?').run(from, to, keyIds.join(' '));
    });
  }

  /** Keeps the pair key that a lower participant's set-up led to, and its pad. */
  keepPair(epoch: number, from: number, member: string, key: Uint8Array, pad: readonly Uint8Array[] = []): void {
    atomically(this.#database, () => {
      this.#insert(epoch, from, member, key);
      this.#insertPad(epoch, from, member, pad);
    });
  }

  #insertPad(epoch: number, from: number, member: string, pieces: readonly Uint8Array[]): void {
    for (const [at, piece] of pieces.entries()) this.#database.prepare('INSERT INTO pad (epoch, member, round, piece) VALUES (?, ?, ?, ?)').run(epoch, member, from + at, piece);
  }

  /** The round's pieces of the pads with every other participant of an epoch, by MSP ID; those of ended rounds are gone. */
  pads(epoch: number, round: number): Map<string, Uint8Array> {
    return new Map(this.#database.prepare('SELECT member, piece FROM pad WHERE epoch = ? AND round = ?').all(epoch, round).map((row) => [row['member'] as string, row['piece'] as Uint8Array]));
  }

  #insert(epoch: number, round: number, member: string, key: Uint8Array): void {
    this.#database.prepare('INSERT INTO pair_key (epoch, member, round, key) VALUES (?, ?, ?, ?)').run(epoch, member, round, key);
  }

  /** K_round with every other participant of an epoch, by MSP ID; keys of earlier rounds than the last that ended are gone. */
  pairKeys(epoch: number, round: number): Map<string, Uint8Array> {
    const rows = this.#database.prepare('SELECT member, round, key FROM pair_key WHERE epoch = ? AND round <= ?').all(epoch, round);
    return new Map(rows.map((row) => {
      let key = row['key'] as Uint8Array;
      for (let at = row['round'] as number; at < round; at++) key = nextPairKey(key, at);
      return [row['member'] as string, key];
    }));
  }

  /** Keeps b of a round's update; to be called before its submission is stored, so that there is no submission without it. */
  keepOwn(round: number, own: Uint8Array): void {
    this.#database.prepare('INSERT OR REPLACE INTO self_mask (round, seed) VALUES (?, ?)').run(round, own);
  }

  /**
   * What masks a round's update under pads, kept for ever once it is drawn: a second update under the same pads would give away the
   * difference of the two, so that after a kill the same update comes out byte for byte, and another one not at all.
   * @param masked digest of the update's words.
   * @throws WorkerError PAD_LOST for another update.
   */
  drawOnce(round: number, masked: Digest, draw: () => Drawn): Drawn {
    const kept = this.#database.prepare('SELECT seed, coefficients, masked FROM self_mask WHERE round = ?').get(round);
    if (kept === undefined) {
      const drawn = draw();
      this.#database.prepare('INSERT INTO self_mask (round, seed, coefficients, masked) VALUES (?, ?, ?, ?)').run(round, drawn.own, drawn.coefficients, masked);
      return drawn;
    }
    if (kept['masked'] !== masked) throw new WorkerError('PAD_LOST', `the pads of round ${round} have masked another update of this site`);
    return { own: kept['seed'] as Uint8Array, coefficients: kept['coefficients'] as Uint8Array };
  }

  /** b of a round's update. */
  own(round: number): Uint8Array | undefined {
    return this.#database.prepare('SELECT seed FROM self_mask WHERE round = ?').get(round)?.['seed'] as Uint8Array | undefined;
  }

  /** What was said and revealed of a round's set. */
  revealed(round: number): Revealed | undefined {
    const row = this.#database.prepare('SELECT sealed_set, acknowledgement, sealed FROM reveal WHERE round = ?').get(round);
    if (row === undefined) return undefined;
    const sealed = row['sealed'] as Uint8Array | null;
    return { set: row['sealed_set'] as Digest, acknowledgement: row['acknowledgement'] as string, ...(sealed === null ? {} : { sealed }) };
  }

  /** Whether something was revealed over a base for other participants: a second sum over it would tell the difference of the two sets. */
  revealedForOthers(base: string, participants: readonly string[]): boolean {
    return this.#database.prepare('SELECT 1 FROM reveal WHERE base = ? AND participants <> ? AND sealed IS NOT NULL').get(base, participants.join(' ')) !== undefined;
  }

  /** Stores the acknowledgement of a set; one a round, for ever. */
  acknowledge(round: number, base: string, participants: readonly string[], set: Digest, acknowledgement: string): void {
    this.#database.prepare('INSERT INTO reveal (round, base, participants, sealed_set, acknowledgement) VALUES (?, ?, ?, ?, ?)').run(round, base, participants.join(' '), set, acknowledgement);
  }

  /** Stores what is revealed for the set that was acknowledged. */
  keepReveal(round: number, sealed: Uint8Array): void {
    this.#database.prepare('UPDATE reveal SET sealed = ? WHERE round = ?').run(sealed, round);
  }

  /** Keeps the reveals that an aggregated sum rests on, for the auditor. */
  keepGathered(round: number, reveals: readonly Signed<Reveal>[]): void {
    for (const signed of reveals) this.#database.prepare('INSERT OR REPLACE INTO gathered_reveal (round, participant, signed) VALUES (?, ?, ?)').run(round, signed.statement.participant, JSON.stringify(signed));
  }

  /** All kept reveals, in the form that the auditor's program reads. */
  gathered(): Signed<Reveal>[] {
    return this.#database.prepare('SELECT signed FROM gathered_reveal ORDER BY round, participant').all().map((row) => JSON.parse(row['signed'] as string) as Signed<Reveal>);
  }

  /** After a round has ended: pair keys go on to the next round, and what opened this one is overwritten, used or not; of epochs that are over nothing stays. */
  advance(round: number, epoch: number): void {
    atomically(this.#database, () => {
      this.#database.prepare('DELETE FROM pair_key WHERE epoch < ?').run(epoch);
      this.#database.prepare('DELETE FROM pad WHERE epoch < ? OR round <= ?').run(epoch, round);
      for (const row of this.#database.prepare('SELECT epoch, member, round FROM pair_key WHERE round <= ?').all(round)) {
        const next = this.pairKeys(row['epoch'] as number, round + 1).get(row['member'] as string) as Uint8Array;
        this.#database.prepare('UPDATE pair_key SET key = ?, round = ? WHERE epoch = ? AND member = ?').run(next, round + 1, row['epoch'] as number, row['member'] as string);
      }
      this.#database.prepare('DELETE FROM self_mask WHERE round <= ?').run(round);
    });
  }
}
