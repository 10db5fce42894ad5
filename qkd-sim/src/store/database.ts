/** The site's durable state: one SQLite file, shared by the key server and the halves of the links. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/**
 * link: the one-time pads of the classical channel and the counters. block: secret key in the order it was made, with
 * marks that only grow. key: every key_ID that ever left a pool; such rows never vanish, `secret` does on delivery.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS link (
  name TEXT PRIMARY KEY, pads BLOB NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
  aborted TEXT, abortedFrom INTEGER NOT NULL DEFAULT 0, qber REAL, keyRateBps REAL,
  blocks INTEGER NOT NULL DEFAULT 0, siftedBits INTEGER NOT NULL DEFAULT 0, disclosedBits INTEGER NOT NULL DEFAULT 0,
  secretBits INTEGER NOT NULL DEFAULT 0, usedBits INTEGER NOT NULL DEFAULT 0,
  aborts INTEGER NOT NULL DEFAULT 0, drops INTEGER NOT NULL DEFAULT 0, lastReason TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS block (
  link TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL, aliceBytes INTEGER NOT NULL,
  secret BLOB, confirmation BLOB NOT NULL, stats TEXT NOT NULL,
  outMark INTEGER NOT NULL, outEnd INTEGER NOT NULL, inMark INTEGER NOT NULL, inEnd INTEGER NOT NULL,
  PRIMARY KEY (link, number)
) STRICT;
CREATE INDEX IF NOT EXISTS outPool ON block (link, number) WHERE outMark < outEnd;
CREATE INDEX IF NOT EXISTS inPool ON block (link, number) WHERE inMark < inEnd;
CREATE TABLE IF NOT EXISTS key (
  keyId TEXT NOT NULL, slave TEXT NOT NULL, master TEXT NOT NULL, link TEXT NOT NULL, block INTEGER NOT NULL,
  start INTEGER NOT NULL, bytes INTEGER NOT NULL, direction TEXT NOT NULL, delivered INTEGER NOT NULL, secret BLOB,
  PRIMARY KEY (keyId, slave)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS place ON key (link, block, start);
`;

/** Opens the state of a site, or makes it. Every commit is on disk before it returns. */
export const openDatabase = (file: string): DatabaseSync => {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  database.exec(SCHEMA);
  return database;
};

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

/** A statement, compiled once for each database. */
export const prepared = (database: DatabaseSync, sql: string): StatementSync => {
  const known = statements.get(database) ?? new Map<string, StatementSync>();
  statements.set(database, known);
  const statement = known.get(sql) ?? database.prepare(sql);
  known.set(sql, statement);
  return statement;
};

/** Runs statements as one transaction, or as a part of the one that is open: all of them happen, or none. */
export const inTransaction = <T>(database: DatabaseSync, run: () => T): T => {
  const [begin, commit, rollback] = database.isTransaction
    ? ['SAVEPOINT part', 'RELEASE part', 'ROLLBACK TO part; RELEASE part']
    : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'];
  database.exec(begin);
  try {
    const result = run();
    database.exec(commit);
    return result;
  } catch (thrown) {
    database.exec(rollback);
    throw thrown;
  }
};

/** One piece of work that waits for its commit. */
interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What comes within one turn of the event loop becomes one transaction: many callers share one wait for the disk. */
export class GroupCommit {
  readonly #database: DatabaseSync;
  #waiting: Waiting[] = [];

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Runs a piece of work; resolves when its changes are on disk. One that throws leaves no trace and holds up no other. */
  async run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run: work, resolve: resolve as (result: unknown) => void, reject });
      if (this.#waiting.length === 1) setImmediate(() => { this.#flush(); });
    });
  }

  #flush(): void {
    const group = this.#waiting;
    this.#waiting = [];
    const answers: (() => void)[] = [];
    try {
      inTransaction(this.#database, () => {
        for (const { run, resolve, reject } of group) {
          try {
            const result = inTransaction(this.#database, run);
            answers.push(() => { resolve(result); });
          } catch (thrown) {
            answers.push(() => { reject(thrown); });
          }
        }
      });
    } catch (thrown) {
      for (const { reject } of group) reject(thrown);
      return;
    }
    for (const answer of answers) answer();
  }
}
