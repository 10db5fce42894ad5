/** Keys with a key_ID: who may have them here, and that each gets them once. */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { prepared } from './database.js';
import type { Place } from './pools.js';
import { bytesIn, numberIn, textIn } from './row.js';
import type { Vault } from './vault.js';

/** A key as it is given out. */
export interface DeliveredKey {
  readonly keyId: string;
  readonly key: Uint8Array;
  /** The probability that it is not secret. */
  readonly epsilon: number;
}

/** A key that gets its key_ID. */
export interface NewKey extends DeliveredKey {
  readonly master: string;
  /** The SAEs of this site that may ask for it. */
  readonly slaves: readonly string[];
  /** Where it was taken, by this end (out) or the other (in); absent between two SAEs of one site. */
  readonly direction?: 'in' | 'out';
  readonly place?: Place & { readonly link: string };
}

/**
 * A new key_ID: a UUID of version 7 (RFC 9562), which begins with the time, so that keys that are made together lie
 * together in the store. The rest is random, and no secret.
 */
export const keyIdAt = (nowMs: number): string => {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
};

const keyPlace = (keyId: string): string => `key ${keyId}`;

export class Keys {
  readonly #database: DatabaseSync;
  readonly #vault: Vault;

  constructor(database: DatabaseSync, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  has(keyId: string): boolean {
    return this.#sql('SELECT 1 FROM key WHERE keyId = ?').get(keyId) !== undefined;
  }

  /** Gives a key its key_ID, once and for all. Its bytes are kept only while someone here may ask for them. */
  insert({ keyId, key, epsilon, master, slaves, direction, place }: NewKey): void {
    const secret = slaves.length === 0 ? null : this.#vault.seal(key, keyPlace(keyId));
    this.#sql('INSERT INTO key (keyId, master, link, block, start, bytes, direction, epsilon, secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(keyId, master, place?.link ?? null, place?.block ?? null, place?.start ?? null, key.length, direction ?? 'local', epsilon, secret);
    for (const slave of slaves) this.#sql('INSERT INTO recipient (keyId, slave, delivered) VALUES (?, ?, 0)').run(keyId, slave);
  }

  /**
   * Gives keys to an SAE they were made for, all or none, once.
   * @returns `unknown` when a key is not there (any more), `not entitled` when it was made for others
   */
  deliver(master: string, caller: string, keyIds: readonly string[]): DeliveredKey[] | 'unknown' | 'not entitled' {
    const rows = keyIds.map((keyId) => this.#sql(`SELECT master, epsilon, secret, delivered FROM key
        LEFT JOIN recipient ON recipient.keyId = key.keyId AND slave = ? WHERE key.keyId = ?`).get(caller, keyId));
    if (rows.some((row) => row !== undefined && row['delivered'] === null)) return 'not entitled';
    if (rows.some((row) => row?.['delivered'] !== 0 || textIn(row, 'master') !== master)) return 'unknown';
    return keyIds.map((keyId, index) => {
      const row = rows[index];
      this.#sql('UPDATE recipient SET delivered = 1 WHERE keyId = ? AND slave = ?').run(keyId, caller);
      // The last one to have it: the bytes are forgotten.
      this.#sql('UPDATE key SET secret = NULL WHERE keyId = ?1 AND NOT EXISTS (SELECT 1 FROM recipient WHERE keyId = ?1 AND delivered = 0)').run(keyId);
      return { keyId, key: Uint8Array.from(this.#vault.open(bytesIn(row, 'secret'), keyPlace(keyId))), epsilon: numberIn(row, 'epsilon') };
    });
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }
}
