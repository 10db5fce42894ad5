/** How long each round took and on what, and how it ended: kept for the status command and the study's table. */
import type { DatabaseSync } from 'node:sqlite';
import { unhurried } from './database.js';

/** One round as this site saw it; times in ms are this site's own. */
export interface RoundReport {
  readonly round: number;
  /** Absent while the round runs. */
  readonly outcome?: 'final' | 'failed' | 'aborted';
  /** Digest of the model that the round gave. */
  readonly model?: string;
  /** Why it failed or was aborted. */
  readonly code?: string;
  /** From its opening to its end, by the ledger's clock. */
  readonly seconds?: number;
  readonly trainingMs: number;
  readonly keysMs: number;
  readonly sealingMs: number;
  readonly ledgerMs: number;
  readonly aggregationMs: number;
  /** Bits of QKD key that this site used up as sender. */
  readonly qkdBits: number;
}

/** What the time of a round goes to. */
export type Stage = 'training' | 'keys' | 'sealing' | 'ledger' | 'aggregation';

/** The rounds of one study. */
export class RoundLog {
  readonly #database: DatabaseSync;
  #told = '';

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Measures a piece of work and books it; also when it fails. @param now monotonic ms. */
  async measure<T>(round: number, stage: Stage, now: () => number, work: () => Promise<T>): Promise<T> {
    const begun = now();
    try {
      return await work();
    } finally {
      this.#book(round, `${stage}_ms = ${stage}_ms + ?`, now() - begun);
    }
  }

  #book(round: number, columns: string, ...values: (number | string | null)[]): void {
    unhurried(this.#database, () => {
      this.#database.prepare('INSERT OR IGNORE INTO round (round) VALUES (?)').run(round);
      this.#database.prepare(`UPDATE round SET ${columns} WHERE round = ?`).run(...values, round);
    });
  }

  /** Books QKD bits used. */
  usedBits(round: number, bits: number): void {
    this.#book(round, 'qkd_bits = ?', bits);
  }

  /** Notes how a round ended. */
  ended(round: number, end: { outcome: NonNullable<RoundReport['outcome']>; model?: string | undefined; code?: string | undefined; seconds: number }): void {
    this.#book(round, 'outcome = ?, model = ?, code = ?, seconds = ?', end.outcome, end.model ?? null, end.code ?? null, end.seconds);
  }

  /** All rounds, in order. */
  reports(): RoundReport[] {
    return this.#database.prepare('SELECT * FROM round ORDER BY round').all().map((row) => ({
      round: row['round'] as number,
      ...(row['outcome'] === null ? {} : { outcome: row['outcome'] as NonNullable<RoundReport['outcome']>, seconds: row['seconds'] as number }),
      ...(row['model'] === null ? {} : { model: row['model'] as string }),
      ...(row['code'] === null ? {} : { code: row['code'] as string }),
      trainingMs: row['training_ms'] as number,
      keysMs: row['keys_ms'] as number,
      sealingMs: row['sealing_ms'] as number,
      ledgerMs: row['ledger_ms'] as number,
      aggregationMs: row['aggregation_ms'] as number,
      qkdBits: row['qkd_bits'] as number,
    }));
  }

  /** Does something once in the life of the study; again only if it was cut off before it was done. */
  async once(name: string, work: () => Promise<unknown>): Promise<void> {
    if (this.#database.prepare('SELECT 1 FROM fact WHERE name = ?').get(name) !== undefined) return;
    await work();
    this.#database.prepare('INSERT INTO fact (name, value) VALUES (?, ?)').run(name, 'done');
  }

  /** What the worker is doing, in one word, and in which round. */
  now(round: number, state: string): void {
    const told = `${round} ${state}`;
    if (told === this.#told) return;
    unhurried(this.#database, () => {
      const put = this.#database.prepare('INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
      put.run('round', String(round));
      put.run('state', state);
    });
    this.#told = told;
  }

  /** The last word of `now`. */
  get current(): { round: number; state: string } {
    const read = (name: string): string | undefined => this.#database.prepare('SELECT value FROM fact WHERE name = ?').get(name)?.['value'] as string | undefined;
    return { round: Number(read('round') ?? 0), state: read('state') ?? 'not started' };
  }
}
