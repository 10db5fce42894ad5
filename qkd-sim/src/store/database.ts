/** The site's durable state: one SQLite file, shared by the key server and the halves of the links. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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

/** Runs statements as one transaction: all of them happen, or none. */
export const inTransaction = <T>(database: DatabaseSync, run: () => T): T => {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
};
