/** QKD keys between delivery and use: stored before use, used in one header at most, destroyed when the round has ended. */
import type { DatabaseSync } from 'node:sqlite';
import { unhurried } from './database.js';
import type { QkdKey } from '../kme/key-delivery.js';

/** The keys this site has asked for as master and as slave SAE. */
export class KeyRing {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** A key for a recipient that no header has used: one left over from a crash, else a new one. */
  async forRecipient(recipient: string, ask: () => Promise<QkdKey>): Promise<QkdKey> {
    const left = this.#database.prepare('SELECT key_ids, key FROM master_key WHERE recipient = ? AND round IS NULL').get(recipient);
    if (left !== undefined) return { keyIds: (left['key_ids'] as string).split(' '), key: left['key'] as Uint8Array };
    const fresh = await ask();
    // The submission that uses it up takes it to the disk before any byte leaves.
    unhurried(this.#database, () => this.#database.prepare('INSERT INTO master_key (recipient, key_ids, key) VALUES (?, ?, ?)').run(recipient, fresh.keyIds.join(' '), fresh.key));
    return fresh;
  }

  /** The key that a sender named in a round's header; the entity delivers it once, so it is kept until the round has ended. */
  async fromSender(round: number, sender: string, keyIds: readonly string[], ask: () => Promise<QkdKey>): Promise<Uint8Array> {
    const kept = this.#database.prepare('SELECT key FROM slave_key WHERE round = ? AND sender = ? AND key_ids = ?').get(round, sender, keyIds.join(' '));
    if (kept !== undefined) return kept['key'] as Uint8Array;
    const { key } = await ask();
    // The content key that it opens is on the disk a moment later, and stands for it.
    unhurried(this.#database, () => this.#database.prepare('INSERT INTO slave_key (round, sender, key_ids, key) VALUES (?, ?, ?, ?)').run(round, sender, keyIds.join(' '), key));
    return key;
  }
}
