/** Consumes announcements with an exactly-once effect: the place reached is written in the transaction that holds the effect. */
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from './faults.js';
import type { EventOptions, EventPosition, LedgerEvent } from './events.js';

/** What an event does to the caller's tables. Synchronous: the transaction is open while it runs, and a throw undoes all of it. */
export type Effect = (database: DatabaseSync, event: LedgerEvent) => unknown;

/** The part of a ledger that is consumed. */
export interface EventFeed {
  readonly channel: string;
  events(options: EventOptions): AsyncIterable<LedgerEvent>;
}

export interface ConsumeOptions {
  /** Where a store that is new begins; the channel's first block by default. A store that has a place goes on from there. */
  readonly from?: EventPosition;
  /** Ends the consumption, without an error. */
  readonly signal?: AbortSignal;
}

interface Row {
  readonly channel: string;
  readonly block: number;
  readonly tx_id: string | null;
}

const table = `CREATE TABLE IF NOT EXISTS event_position (
  consumer TEXT PRIMARY KEY, channel TEXT NOT NULL, block INTEGER NOT NULL, tx_id TEXT
) STRICT`;
const move = 'UPDATE event_position SET block = ?, tx_id = ? WHERE consumer = ? AND block = ? AND tx_id IS ?';

/**
 * The place that one consumer has reached, beside the tables of its effect in one SQLite database. The gateway library's own
 * checkpointer is a file that a kill can leave empty, and nothing ties it to the effect.
 */
export class EventStore implements Disposable {
  readonly database: DatabaseSync;
  readonly #consumer: string;
  readonly #owned: boolean;

  /**
   * @param database a file, which the store opens and closes, or the caller's own open database.
   * @param consumer tells several consumers in one database apart.
   */
  constructor(database: string | DatabaseSync, consumer = 'default') {
    this.#owned = typeof database === 'string';
    this.database = typeof database === 'string' ? new DatabaseSync(database, { timeout: 5_000 }) : database;
    this.#consumer = consumer;
    if (this.#owned) this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    this.database.exec(table);
  }

  #row(): Row | undefined {
    return this.database.prepare('SELECT channel, block, tx_id FROM event_position WHERE consumer = ?').get(this.#consumer) as Row | undefined;
  }

  /** The place reached; undefined before the first consumption. */
  get position(): EventPosition | undefined {
    const row = this.#row();
    if (row === undefined) return undefined;
    return { block: row.block, ...(row.tx_id === null ? {} : { txId: row.tx_id }) };
  }

  /** Fixes the channel and the first place, unless they are fixed. @throws UsageError when the store belongs to another channel. */
  begin(channel: string, from: EventPosition): EventPosition {
    this.database.prepare('INSERT OR IGNORE INTO event_position VALUES (?, ?, ?, ?)').run(this.#consumer, channel, from.block, from.txId ?? null);
    const row = this.#row();
    if (row?.channel !== channel) throw new UsageError(`the event store belongs to channel ${row?.channel ?? 'none'}, not ${channel}`);
    return this.position ?? from;
  }

  /** Runs the effect and moves on, both or neither. @throws UsageError when another process moves the same consumer. */
  take(event: LedgerEvent, before: EventPosition, effect: Effect): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const { block, txId } = event.position;
      const { changes } = this.database.prepare(move).run(block, txId ?? null, this.#consumer, before.block, before.txId ?? null);
      if (changes !== 1) throw new UsageError(`the consumer ${this.#consumer} is moved by somebody else: give each process a consumer of its own`);
      if (effect(this.database, event) instanceof Promise) throw new UsageError('an effect must be synchronous, its transaction ends when it returns');
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#owned) this.database.close();
  }
}

/**
 * Lets every announcement have its effect once, in the ledger's order, over kills and restarts, until the signal.
 * @throws what the effect throws, with nothing of it kept: the next consumption begins with the same event; CodedError as `events`.
 */
export async function consume(ledger: EventFeed, store: EventStore, effect: Effect, options: ConsumeOptions = {}): Promise<void> {
  const { signal } = options;
  let position = store.begin(ledger.channel, options.from ?? { block: 0 });
  for await (const event of ledger.events({ from: position, ...(signal === undefined ? {} : { signal }) })) {
    store.take(event, position, effect);
    position = event.position;
    if (signal?.aborted === true) return;
  }
}
