/** Keys that other key servers relayed: what came by each path, until all of it is here. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { xor } from '../distillation/authentication.js';
import { prepared } from './database.js';
import type { DeliveredKey } from './keys.js';
import { bytesIn, numberIn } from './row.js';
import type { Vault } from './vault.js';

const partPlace = (keyId: string, part: number): string => `part ${part} of ${keyId}`;

export class Parts {
  readonly #database: DatabaseSync;
  readonly #vault: Vault;

  constructor(database: DatabaseSync, vault: Vault) {
    this.#database = database;
    this.#vault = vault;
  }

  has(keyId: string, part: number): boolean {
    return this.#sql('SELECT 1 FROM part WHERE keyId = ? AND part = ?').get(keyId, part) !== undefined;
  }

  /**
   * Keeps one part of a key.
   * @returns the key when it was the last one; its epsilon is the sum over all parts
   */
  add({ keyId, key, epsilon }: DeliveredKey, part: number, parts: number): DeliveredKey | undefined {
    this.#sql('INSERT INTO part (keyId, part, epsilon, secret) VALUES (?, ?, ?, ?)').run(keyId, part, epsilon, this.#vault.seal(key, partPlace(keyId, part)));
    const rows = this.#sql('SELECT part, epsilon, secret FROM part WHERE keyId = ?').all(keyId);
    if (rows.length < parts) return undefined;
    this.#sql('DELETE FROM part WHERE keyId = ?').run(keyId);
    const opened = rows.map((row) => this.#vault.open(bytesIn(row, 'secret'), partPlace(keyId, numberIn(row, 'part'))));
    return { keyId, key: opened.reduce(xor), epsilon: rows.reduce((sum, row) => sum + numberIn(row, 'epsilon'), 0) };
  }

  /** Forgets what is incomplete: after a restart nobody waits for it. */
  clear(): void {
    this.#sql('DELETE FROM part').run();
  }

  #sql(text: string): StatementSync {
    return prepared(this.#database, text);
  }
}
