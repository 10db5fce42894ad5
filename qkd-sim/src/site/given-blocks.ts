/** Blocks of key that both ends of every link are given, without a link: for tests and benchmarks of what comes after. */
import { readFileSync } from 'node:fs';
import { type SiteConfig, databaseFile } from '../config.js';
import { type FillRandom, randomBytesOf } from '../random.js';
import { BlockStore, RESERVED_BYTES } from '../store/block-store.js';
import { openDatabase } from '../store/database.js';
import { Vault } from '../store/vault.js';

/** What the blocks are like. */
export interface GivenBlocks {
  /** Keys of 256 bits in each block and direction. */
  readonly keysEachWay: number;
  readonly blocks?: number;
  readonly epsilon?: number;
  /** ms since 1970. */
  readonly madeAt: number;
}

/**
 * Deposits blocks at both ends of the links between these sites, none of which may have made a block yet in another
 * way; the key servers compare and open them as if they had been distilled.
 */
export const giveBlocks = (sites: readonly SiteConfig[], { keysEachWay, blocks = 1, epsilon = 1e-10, madeAt }: GivenBlocks, random: FillRandom): void => {
  const secrets = new Map<string, Uint8Array>();
  for (const site of sites) {
    const database = openDatabase(databaseFile(site));
    for (const { name, role, initialKeyFile } of site.links) {
      const store = new BlockStore(database, new Vault(readFileSync(site.storeKeyFile)), name, role, () => madeAt);
      store.importInitialKey(initialKeyFile);
      for (let block = 0; block < blocks; block++) {
        const { block: number } = store.next();
        const place = `${name} ${number}`;
        const secret = secrets.get(place) ?? randomBytesOf(random, RESERVED_BYTES + 64 * keysEachWay);
        secrets.set(place, secret);
        store.deposit(number, 'both', secret, { siftedBits: 8 * secret.length, disclosedBits: 0, leakedBits: 0, qber: 0.02, linkSeconds: 1, epsilon });
      }
    }
    database.close();
  }
};
