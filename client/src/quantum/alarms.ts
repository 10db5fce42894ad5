/** What a watcher has to say that a person must see, each thing once. */
import type { DatabaseSync } from 'node:sqlite';

/**
 * - `REWRITTEN` the own peer gives a block that does not follow those it gave before.
 * - `DIFFERENT` a peer organization holds another block: the ledger has forked, or one of the two is lied to.
 * - `FORGED` a message that is not the peer's.
 * - `UNKNOWN_KEY` a message names a key that the own key management entity does not deliver.
 * - `NO_KEYS` no key to tag with.
 * - `SILENT` nothing genuine came from a peer for too long, though there are blocks that it has not told.
 */
export type AlarmKind = 'REWRITTEN' | 'DIFFERENT' | 'FORGED' | 'UNKNOWN_KEY' | 'NO_KEYS' | 'SILENT';

export interface Alarm {
  readonly kind: AlarmKind;
  /** SAE ID of the peer; the own one for `REWRITTEN`. */
  readonly peer: string;
  readonly sentence: string;
  /** ms since 1970 UTC. */
  readonly time: number;
}

export class Alarms {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
    database.exec('CREATE TABLE IF NOT EXISTS alarm (kind TEXT NOT NULL, peer TEXT NOT NULL, sentence TEXT NOT NULL, time INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, peer, sentence)) STRICT');
  }

  /** Keeps an alarm, unless it is kept already. */
  raise(kind: AlarmKind, peer: string, sentence: string): void {
    this.#database.prepare('INSERT OR IGNORE INTO alarm (kind, peer, sentence, time) VALUES (?, ?, ?, ?)').run(kind, peer, sentence, this.#now());
  }

  /** Whether there was an alarm of a kind about a peer. */
  has(kind: AlarmKind, peer: string): boolean {
    return this.#database.prepare('SELECT 1 FROM alarm WHERE kind = ? AND peer = ?').get(kind, peer) !== undefined;
  }

  /** Those that no person has acknowledged, in the order in which they were raised. */
  get open(): Alarm[] {
    const rows = this.#database.prepare('SELECT kind, peer, sentence, time FROM alarm WHERE seen = 0 ORDER BY rowid').all();
    return rows.map((row) => ({ kind: row['kind'] as AlarmKind, peer: String(row['peer']), sentence: String(row['sentence']), time: Number(row['time']) }));
  }

  /** A person has seen all that there are. */
  acknowledge(): void {
    this.#database.exec('UPDATE alarm SET seen = 1');
  }
}
