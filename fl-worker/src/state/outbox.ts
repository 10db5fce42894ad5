/** What this site has sent or is about to send: on the disk before the first byte leaves, so that a restart sends the same bytes (PROTOCOL section 4, outbox rule). */
import type { DatabaseSync } from 'node:sqlite';
import { statementDigest, toBase64Url, type Attestation, type Json, type Signed, type Submission } from '@epione/protocol';
import { atomically, forgetDeleted, unhurried } from './database.js';

/** What an outbox entry may be; one of each a round, for ever. */
export type Outgoing = { readonly submission: Submission; readonly attestation: Attestation };

/** A statement that was stored, and whether the ledger has it. */
export interface Entry<T> {
  readonly signed: Signed<T>;
  readonly committed: boolean;
}

/** Statements, the secrets behind them and the updates they speak of. */
export class Outbox {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** The stored statement of a round, if there is one. */
  find<K extends keyof Outgoing>(kind: K, round: number): Entry<Outgoing[K]> | undefined {
    const row = this.#database.prepare('SELECT signed, committed FROM outbox WHERE kind = ? AND round = ?').get(kind, round);
    if (row === undefined) return undefined;
    const signed = JSON.parse(row['signed'] as string) as Signed<Outgoing[K]>;
    return { signed, committed: row['committed'] === 1 };
  }

  /**
   * Stores a submission together with all that would be lost with it: the content key, this site's own update with the pseudonyms
   * of the persons behind it, and which QKD keys it used up. Its blob must be in the blob store already.
   */
  keepSubmission(signed: Signed<Submission>, contentKey: Uint8Array, { words, subjects, hidden }: { words: Uint8Array; subjects: readonly string[]; hidden?: { readonly norm: number } }): void {
    const { statement } = signed;
    const digest = statementDigest('submission', statement);
    atomically(this.#database, () => {
      this.#insert('submission', statement.round, signed);
      this.#database.prepare('INSERT INTO content_key (submission, round, key) VALUES (?, ?, ?)').run(digest, statement.round, contentKey);
      this.#database.prepare('INSERT INTO own_update (round, words, subjects) VALUES (?, ?, ?)').run(statement.round, words, JSON.stringify(subjects));
      if (hidden !== undefined) this.#database.prepare('UPDATE privacy_charge SET sealed = 1, norm = ? WHERE round = ? AND sealed = 0').run(hidden.norm, statement.round);
      for (const { to, keyIds } of statement.sealed) this.#useUp(statement.round, to, keyIds);
    });
  }

  /** A QKD key that stands in a header is never put into another. */
  #useUp(round: number, recipient: string, keyIds: readonly string[]): void {
    this.#database.prepare('UPDATE master_key SET round = ? WHERE recipient = ? AND key_ids = ?').run(round, recipient, keyIds.join(' '));
  }

  /** Stores an attestation. Its model must be in the blob store already. */
  keepAttestation(signed: Signed<Attestation>): void {
    this.#insert('attestation', signed.statement.round, signed);
  }

  #insert(kind: keyof Outgoing, round: number, signed: Signed<Json>): void {
    this.#database.prepare('INSERT INTO outbox (kind, round, signed) VALUES (?, ?, ?)').run(kind, round, JSON.stringify(signed));
  }

  /** Notes that the ledger has the statement; were the note lost, the ledger would say so again. */
  committed(kind: keyof Outgoing, round: number): void {
    unhurried(this.#database, () => this.#database.prepare('UPDATE outbox SET committed = 1 WHERE kind = ? AND round = ?').run(kind, round));
  }

  /** Gives up what was signed under another record than the present one and is not on the ledger: it never will be, so the site begins anew. */
  giveUpOthers(record: string): void {
    const others = "FROM outbox WHERE committed = 0 AND json_extract(signed, '$.statement.record') <> ?";
    atomically(this.#database, () => {
      this.#database.prepare(`DELETE FROM own_update WHERE round IN (SELECT round ${others} AND kind = 'submission')`).run(record);
      this.#database.prepare(`DELETE ${others}`).run(record);
    });
  }

  /** This site's own update of a round, as the words that it sealed. */
  ownUpdate(round: number): Uint8Array | undefined {
    return this.#database.prepare('SELECT words FROM own_update WHERE round = ?').get(round)?.['words'] as Uint8Array | undefined;
  }

  /** Pseudonyms of the persons behind this site's update of a round. */
  subjects(round: number): string[] {
    return JSON.parse((this.#database.prepare('SELECT subjects FROM own_update WHERE round = ?').get(round)?.['subjects'] ?? '[]') as string) as string[];
  }

  /** The content key of a submission, own or opened. */
  contentKey(submission: string): Uint8Array | undefined {
    return this.#database.prepare('SELECT key FROM content_key WHERE submission = ?').get(submission)?.['key'] as Uint8Array | undefined;
  }

  /** Keeps the content key of an opened submission, so that its QKD key need not be asked for again. */
  keepContentKey(submission: string, round: number, key: Uint8Array): void {
    this.#database.prepare('INSERT OR IGNORE INTO content_key (submission, round, key) VALUES (?, ?, ?)').run(submission, round, key);
  }

  /** Stores a rescue with the QKD key that it used up. */
  keepRescue(round: number, sender: string, recipient: string, sealed: Uint8Array, keyIds: readonly string[]): void {
    atomically(this.#database, () => {
      this.#database.prepare('INSERT INTO rescue (round, sender, recipient, sealed) VALUES (?, ?, ?, ?)').run(round, sender, recipient, sealed);
      this.#useUp(round, recipient, keyIds);
    });
  }

  /** A rescue that was made before. */
  rescue(round: number, sender: string, recipient: string): Uint8Array | undefined {
    return this.#database.prepare('SELECT sealed FROM rescue WHERE round = ? AND sender = ? AND recipient = ?').get(round, sender, recipient)?.['sealed'] as Uint8Array | undefined;
  }

  /** All content keys, in the form that the auditor's program reads. */
  contentKeys(): { submission: string; contentKey: string }[] {
    const rows = this.#database.prepare('SELECT submission, key FROM content_key ORDER BY submission').all();
    return rows.map((row) => ({ submission: row['submission'] as string, contentKey: toBase64Url(row['key'] as Uint8Array) }));
  }

  /**
   * Destroys what an ended round no longer needs: the own update and QKD keys of both directions. Content keys stay for one round
   * more, because others may still need a rescue, or for good where they are kept for the auditor.
   */
  forget(round: number, keepContentKeys: boolean): void {
    atomically(this.#database, () => {
      for (const table of ['own_update', 'slave_key', 'master_key']) this.#database.prepare(`DELETE FROM ${table} WHERE round <= ?`).run(round);
      this.#database.prepare('DELETE FROM rescue WHERE round < ?').run(round);
      if (!keepContentKeys) this.#database.prepare('DELETE FROM content_key WHERE round < ?').run(round);
      this.#database.prepare('UPDATE outbox SET committed = 1 WHERE round <= ?').run(round); // what was refused will never be sent
    });
    forgetDeleted(this.#database);
  }
}
