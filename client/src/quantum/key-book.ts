/** The book of one-time keys: which key_ID served for what, once; the keys that still wait for their message; the answers that were given. */
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { digestOf } from '@epione/protocol';
import { QuantumError } from './error.js';

/** What a key serves for. */
export type KeyPurpose = 'signature' | 'delivery' | 'transfer' | 'judgement' | 'blocks';

/** Bits of key that served, by peer and purpose. */
export interface KeyUse {
  /** SAE ID. */
  readonly peer: string;
  readonly purpose: KeyPurpose;
  readonly bits: number;
}

const tables = `
  CREATE TABLE IF NOT EXISTS key_use (peer TEXT NOT NULL, key_id TEXT NOT NULL, purpose TEXT NOT NULL, bits INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (peer, key_id)) STRICT;
  CREATE TABLE IF NOT EXISTS waiting_key (peer TEXT NOT NULL, key_id TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (peer, key_id)) STRICT;
  CREATE TABLE IF NOT EXISTS answer (peer TEXT NOT NULL, key_id TEXT NOT NULL, purpose TEXT NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (peer, key_id, purpose)) STRICT;
`;

/** Opens a book's file, for its owner only; what is deleted is overwritten. */
export function openBook(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5000 });
  chmodSync(file, 0o600);
  // FULL, because a use must be on the disk before its message leaves. No WAL: a deleted key would stay in it.
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  return database;
}

/** key_IDs are compared in lower case, as UUIDs are. */
const named = (keyId: string): string => keyId.toLowerCase();

export class KeyBook {
  readonly database: DatabaseSync;
  readonly #now: () => number;

  /** @param database as `openBook` gives it; @param now ms since 1970 UTC. */
  constructor(database: DatabaseSync, now: () => number) {
    this.database = database;
    this.#now = now;
    database.exec(tables);
  }

  /** Whether a key has served, or waits for its message. */
  isBooked(peer: string, keyId: string): boolean {
    return this.database.prepare('SELECT 1 FROM key_use WHERE peer = ? AND key_id = ?').get(peer, named(keyId)) !== undefined;
  }

  /** Books a key's one use. @param bytes kept until `finish`, for a key whose message may come again. @throws QuantumError KEY_USED. */
  book(peer: string, keyId: string, purpose: KeyPurpose, bits: number, bytes?: Uint8Array): void {
    if (this.isBooked(peer, keyId)) throw new QuantumError('KEY_USED', `the key ${keyId} shared with ${peer} has served already`);
    this.database.exec('BEGIN IMMEDIATE');
    try {
      this.database.prepare('INSERT INTO key_use VALUES (?, ?, ?, ?, ?)').run(peer, named(keyId), purpose, bits, this.#now());
      if (bytes !== undefined) this.database.prepare('INSERT INTO waiting_key VALUES (?, ?, ?)').run(peer, named(keyId), bytes);
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** A key that waits for its message, whatever it was first named for: a stranger may have named it. */
  waiting(peer: string, keyId: string): Uint8Array | undefined {
    const row = this.database.prepare('SELECT bytes FROM waiting_key WHERE peer = ? AND key_id = ?').get(peer, named(keyId));
    return row?.['bytes'] as Uint8Array | undefined;
  }

  /** Forgets a key whose message has come. */
  finish(peer: string, keyId: string): void {
    this.database.prepare('DELETE FROM waiting_key WHERE peer = ? AND key_id = ?').run(peer, named(keyId));
  }

  /** The answer given under a key; the same question has the same answer for ever. @throws QuantumError KEY_USED for another question. */
  answerTo(peer: string, keyId: string, purpose: KeyPurpose, question: object): unknown {
    const row = this.database.prepare('SELECT question, answer FROM answer WHERE peer = ? AND key_id = ? AND purpose = ?').get(peer, named(keyId), purpose);
    if (row === undefined) return undefined;
    if (row['question'] !== this.#digest(question)) throw new QuantumError('KEY_USED', `the key ${keyId} shared with ${peer} has served for another message`);
    return JSON.parse(String(row['answer']));
  }

  /** What was answered under a key, whatever the question; undefined for nothing. */
  answered(peer: string, keyId: string, purpose: KeyPurpose): unknown {
    const row = this.database.prepare('SELECT answer FROM answer WHERE peer = ? AND key_id = ? AND purpose = ?').get(peer, named(keyId), purpose);
    return row === undefined ? undefined : JSON.parse(String(row['answer']));
  }

  /** Fixes the answer, before it leaves. */
  fix<T extends object>(peer: string, keyId: string, purpose: KeyPurpose, question: object, answer: T): T {
    this.database.prepare('INSERT INTO answer VALUES (?, ?, ?, ?, ?)').run(peer, named(keyId), purpose, this.#digest(question), JSON.stringify(answer));
    return answer;
  }

  #digest(question: object): string {
    return digestOf(new TextEncoder().encode(JSON.stringify(question)));
  }

  /** What was used in the last so many ms, one line a peer and purpose. */
  used(withinMs: number): KeyUse[] {
    const rows = this.database.prepare('SELECT peer, purpose, sum(bits) AS bits FROM key_use WHERE time > ? GROUP BY peer, purpose ORDER BY peer, purpose').all(this.#now() - withinMs);
    return rows.map((row) => ({ peer: String(row['peer']), purpose: row['purpose'] as KeyPurpose, bits: Number(row['bits']) }));
  }
}
