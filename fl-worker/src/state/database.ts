/** The worker's durable state: one SQLite file that survives a kill at any moment, and that one process at a time may write. */
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Digest } from '@epione/protocol';
import { WorkerError } from '../error.js';

const version = 6;

const schema = `
  CREATE TABLE master_key (recipient TEXT NOT NULL, key_ids TEXT NOT NULL UNIQUE, key BLOB NOT NULL, round INTEGER, PRIMARY KEY (recipient, key_ids)) STRICT;
  CREATE TABLE slave_key (round INTEGER NOT NULL, sender TEXT NOT NULL, key_ids TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (round, sender)) STRICT;
  CREATE TABLE outbox (kind TEXT NOT NULL, round INTEGER NOT NULL, signed TEXT NOT NULL, committed INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (kind, round)) STRICT;
  CREATE TABLE own_update (round INTEGER PRIMARY KEY, words BLOB NOT NULL, subjects TEXT NOT NULL) STRICT;
  CREATE TABLE content_key (submission TEXT PRIMARY KEY, round INTEGER NOT NULL, key BLOB NOT NULL) STRICT;
  CREATE TABLE rescue (round INTEGER NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (round, sender, recipient)) STRICT;
  CREATE TABLE round (round INTEGER PRIMARY KEY, outcome TEXT, model TEXT, code TEXT, seconds REAL, qkd_bits INTEGER NOT NULL DEFAULT 0,
    training_ms REAL NOT NULL DEFAULT 0, keys_ms REAL NOT NULL DEFAULT 0, sealing_ms REAL NOT NULL DEFAULT 0, ledger_ms REAL NOT NULL DEFAULT 0, aggregation_ms REAL NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE carried (round INTEGER PRIMARY KEY, carried BLOB NOT NULL) STRICT;
  CREATE TABLE privacy_charge (steps INTEGER PRIMARY KEY, round INTEGER NOT NULL, epsilon TEXT NOT NULL, delta TEXT NOT NULL, budget TEXT NOT NULL, norm REAL, sealed INTEGER NOT NULL) STRICT;
  CREATE TABLE setup (epoch INTEGER PRIMARY KEY, signed TEXT NOT NULL) STRICT;
  CREATE TABLE pair_key (epoch INTEGER NOT NULL, member TEXT NOT NULL, round INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (epoch, member)) STRICT;
  CREATE TABLE self_mask (round INTEGER PRIMARY KEY, seed BLOB NOT NULL, coefficients BLOB, masked TEXT) STRICT;
  CREATE TABLE pad (epoch INTEGER NOT NULL, member TEXT NOT NULL, round INTEGER NOT NULL, piece BLOB NOT NULL, PRIMARY KEY (epoch, member, round)) STRICT;
  CREATE TABLE reveal (round INTEGER PRIMARY KEY, base TEXT NOT NULL, participants TEXT NOT NULL, sealed_set TEXT NOT NULL, acknowledgement TEXT NOT NULL, sealed BLOB) STRICT;
  CREATE TABLE gathered_reveal (round INTEGER NOT NULL, participant TEXT NOT NULL, signed TEXT NOT NULL, PRIMARY KEY (round, participant)) STRICT;
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
`;

/** A transaction: all of `run`'s writes are on the disk when it returns, or none. */
export function atomically<T>(database: DatabaseSync, run: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * The same for what may be lost with the power, though not with the process: it is on the disk with the next transaction that must be,
 * and does not make all wait for the disk by itself.
 */
export function unhurried<T>(database: DatabaseSync, run: () => T): T {
  database.exec('PRAGMA synchronous = NORMAL');
  try {
    return atomically(database, run);
  } finally {
    database.exec('PRAGMA synchronous = FULL');
  }
}

/** One file a study, because rounds and keys are a study's. */
const path = (folder: string, study: Digest): string => join(folder, `study-${nameInState(study)}.db`);

/**
 * Opens the state of a worker for writing and keeps other writers out until this process ends, however it ends.
 * @throws WorkerError STATE_IN_USE when another worker runs on this folder, STATE_INVALID for a file of another version.
 */
export function openState(folder: string, study: Digest): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  lock(folder);
  const database = new DatabaseSync(path(folder, study));
  chmodSync(path(folder, study), 0o600);
  // FULL, because a transaction must be on the disk before its bytes leave the site.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 5000');
  const found = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (found === 0) atomically(database, () => { database.exec(`${schema} PRAGMA user_version = ${version}`); });
  else if (found !== version) throw new WorkerError('STATE_INVALID', `${path(folder, study)} has version ${String(found)}, this worker writes version ${version}`);
  return database;
}

/** Opens the state for reading while a worker may run on it; undefined before its first run. */
export function readState(folder: string, study: Digest): DatabaseSync | undefined {
  try {
    return new DatabaseSync(path(folder, study), { readOnly: true, timeout: 5000 });
  } catch {
    return undefined;
  }
}

/** Held for the life of the process: the operating system gives a file lock back even after kill -9. */
const locks: DatabaseSync[] = [];

function lock(folder: string): void {
  const file = new DatabaseSync(join(folder, 'lock.db'));
  try {
    file.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    locks.push(file);
  } catch (cause) {
    file.close();
    throw new WorkerError('STATE_IN_USE', `another worker runs on ${folder}`, { cause, remedy: 'Stop it first, or give this one a state folder of its own.' });
  }
}

const stateFile = /^study-([0-9a-f]{16})\.db$/;
const stateFiles = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => stateFile.test(name)).sort() : []);

/** The name by which a state folder knows a study: the first 16 digits of its digest. */
export const nameInState = (study: Digest): string => study.slice(study.indexOf(':') + 1).slice(0, 16);

/** Studies of a state folder that have begun here and are not over. */
export function studiesUnderWay(folder: string): string[] {
  return stateFiles(folder).filter((name) => {
    using database = new DatabaseSync(join(folder, name), { readOnly: true });
    return database.prepare("SELECT 1 FROM fact WHERE name = 'state' AND value <> 'complete'").get() !== undefined;
  }).map((name) => name.replace(stateFile, '$1'));
}

/** Makes sure that what was deleted is in no file of the database any more: deleted pages are overwritten, and the log that still holds them is emptied. A reader at that moment puts it off to the next round's end. */
export const forgetDeleted = (database: DatabaseSync): void => { database.exec('PRAGMA wal_checkpoint(TRUNCATE)'); };

/**
 * Whether the site's record may be replaced: no statement under the old record may still be on its way.
 * @throws WorkerError STATE_IN_USE while a worker runs on the folder.
 */
export function mayReplaceRecord(folder: string): boolean {
  lock(folder);
  return stateFiles(folder).every((name) => {
    using database = new DatabaseSync(join(folder, name), { readOnly: true });
    return database.prepare('SELECT 1 FROM outbox WHERE committed = 0').get() === undefined;
  });
}
