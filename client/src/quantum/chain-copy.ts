/** The hashes of the blocks that this organization's peer gave, kept: a peer that tells another past later is found out. */
import type { DatabaseSync } from 'node:sqlite';
import { toHex } from '@epione/protocol';
import { dataHashOf, readBlock } from '../evidence/block.js';
import { sameBytes } from '../evidence/bytes.js';
import type { RawBlock } from '../ledger/blocks.js';

/** Where blocks come from. */
export interface BlockFeed {
  readonly channel: string;
  /** Raw blocks from a number on, up to the present height. */
  blocks(from: number): AsyncIterable<RawBlock>;
}

/** What does not fit, at which block. */
export interface Break {
  readonly block: number;
  readonly reason: string;
}

export class ChainCopy {
  readonly #database: DatabaseSync;
  readonly #now: () => number;

  /** @param now ms since 1970 UTC. */
  constructor(database: DatabaseSync, now: () => number) {
    this.#database = database;
    this.#now = now;
    database.exec('CREATE TABLE IF NOT EXISTS block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, time INTEGER NOT NULL) STRICT');
  }

  /** Number of blocks kept, from block 0 on. */
  get height(): number {
    return Number(this.#database.prepare('SELECT count(*) AS n FROM block').get()?.['n']);
  }

  /** Header hashes in hex, `most` of them at most. */
  hashes(first: number, most: number): string[] {
    return this.#database.prepare('SELECT hash FROM block WHERE number >= ? ORDER BY number LIMIT ?').all(first, most).map((row) => String(row['hash']));
  }

  /** When a block was first seen, ms since 1970 UTC; undefined for one that was not. */
  seenAt(number: number): number | undefined {
    const row = this.#database.prepare('SELECT time FROM block WHERE number = ?').get(number);
    return row === undefined ? undefined : Number(row['time']);
  }

  /**
   * Takes in new blocks, each held against the one before and against its own data; the last one kept is asked for once more.
   * @returns the first block that does not fit; nothing from it on is kept.
   */
  async follow(feed: BlockFeed): Promise<Break | undefined> {
    const keep = this.#database.prepare('INSERT INTO block VALUES (?, ?, ?)');
    let last = this.height - 1;
    for await (const { number, bytes } of feed.blocks(Math.max(0, last))) {
      const block = readBlock(bytes);
      const hash = toHex(block.hash);
      const broken = (reason: string): Break => ({ block: number, reason });
      if (block.number !== number) return broken(`calls itself block ${block.number}`);
      if (!sameBytes(block.dataHash, dataHashOf(block.envelopes))) return broken('its data are not those of its header');
      if (number === last) {
        if (hash !== this.hashes(number, 1)[0]) return broken('is not the block that was there before');
        continue;
      }
      if (number !== last + 1) return broken(`comes after block ${last}`);
      if (number > 0 && toHex(block.previousHash) !== this.hashes(last, 1)[0]) return broken('does not follow the block before');
      keep.run(number, hash, this.#now());
      last = number;
    }
    return undefined;
  }
}
