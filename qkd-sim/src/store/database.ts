/** The site's durable state: one SQLite file, shared by the key server and the halves of the links. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { QkdError } from '../error.js';
import { numberIn } from './row.js';

/** Grows with every change of the schema. */
const SCHEMA_VERSION = 4;

/**
 * link: the one-time pads of the classical channel and the counters. block: secret key in the order it was made, with
 * marks that only grow. secret: the bits of a block, apart from its marks, which are written with every key. key: every key_ID that ever was; such rows never vanish, `secret` does when its last recipient
 * at this site has it. recipient: who may ask for a key here, once. A key between two SAEs of one site has no place.
 * part: what has come by one of several paths of a key that others relay, until all is here.
 */
const SCHEMA = `
CREATE TABLE link (
  name TEXT PRIMARY KEY, pads BLOB NOT NULL, attempt INTEGER NOT NULL DEFAULT 0,
  aborted TEXT, abortedFrom INTEGER NOT NULL DEFAULT 0, qber REAL, keyRateBps REAL,
  blocks INTEGER NOT NULL DEFAULT 0, siftedBits INTEGER NOT NULL DEFAULT 0, disclosedBits INTEGER NOT NULL DEFAULT 0, leakedBits INTEGER NOT NULL DEFAULT 0,
  secretBits INTEGER NOT NULL DEFAULT 0, usedBits INTEGER NOT NULL DEFAULT 0, burntBits INTEGER NOT NULL DEFAULT 0,
  epsilon REAL NOT NULL DEFAULT 0, aborts INTEGER NOT NULL DEFAULT 0, drops INTEGER NOT NULL DEFAULT 0, lastReason TEXT
) STRICT;
CREATE TABLE block (
  link TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL, aliceBytes INTEGER NOT NULL,
  confirmation BLOB NOT NULL, stats TEXT NOT NULL, epsilon REAL NOT NULL, madeAt INTEGER NOT NULL,
  outStart INTEGER NOT NULL, outMark INTEGER NOT NULL, outEnd INTEGER NOT NULL, inMark INTEGER NOT NULL, inEnd INTEGER NOT NULL,
  PRIMARY KEY (link, number)
) STRICT;
CREATE TABLE secret (
  link TEXT NOT NULL, block INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (link, block)
) STRICT;
CREATE INDEX outPool ON block (link, number) WHERE outMark < outEnd;
CREATE INDEX inPool ON block (link, number) WHERE inMark < inEnd;
CREATE TABLE key (
  keyId TEXT PRIMARY KEY, master TEXT NOT NULL, link TEXT, block INTEGER, start INTEGER, bytes INTEGER NOT NULL,
  direction TEXT NOT NULL, epsilon REAL NOT NULL, secret BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX place ON key (link, block, start);
CREATE TABLE recipient (
  keyId TEXT NOT NULL, slave TEXT NOT NULL, delivered INTEGER NOT NULL, PRIMARY KEY (keyId, slave)
) STRICT, WITHOUT ROWID;
CREATE TABLE part (
  keyId TEXT NOT NULL, part INTEGER NOT NULL, epsilon REAL NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (keyId, part)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the state of a site, or makes it. Every commit is on disk before it returns.
 * @throws QkdError STORE when another version of the schema is there
 */
export const openDatabase = (file: string): DatabaseSync => {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file, { timeout: 10_000 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000;');
  try {
    inTransaction(database, () => { prepareSchema(database, file); });
  } catch (thrown) {
    database.close();
    throw thrown;
  }
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
    ? ['SAVEPOINT part', 'RELEASE part', 'ROLLBACK TO part']
    : ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'];
  prepared(database, begin).run();
  try {
    const result = run();
    prepared(database, commit).run();
    return result;
  } catch (thrown) {
    prepared(database, rollback).run();
    if (rollback === 'ROLLBACK TO part') prepared(database, commit).run();
    throw thrown;
  }
};

/**
 * Runs statements in the transaction that is open, or in one of their own: for work that is refused before its first
 * write or not at all. A part that can be undone alone costs much more.
 */
export const joinTransaction = <T>(database: DatabaseSync, run: () => T): T => (database.isTransaction ? run() : inTransaction(database, run));

const prepareSchema = (database: DatabaseSync, file: string): void => {
  const version = numberIn(database.prepare('PRAGMA user_version').get(), 'user_version');
  const empty = database.prepare('SELECT 1 FROM sqlite_master').get() === undefined;
  if (!empty && version !== SCHEMA_VERSION) {
    throw new QkdError('STORE', `${file} was made by another version of this program: schema ${version}, not ${SCHEMA_VERSION}`, { remedy: 'Set the sites of its links up anew.' });
  }
  if (empty) database.exec(SCHEMA);
};
