/** One-time keys of several SAEs against one key management entity over real HTTPS, for tests. */
import { EtsiQkd014Client } from '../etsi-qkd-014/index.js';
import { KeyBook, openBook } from '../quantum/key-book.js';
import { OneTimeKeys } from '../quantum/one-time-keys.js';
import { keyPool, type Quirk } from './key-pool.js';
import { startKeyServer, testAuthority, type KeyServer } from './key-server.js';

/** A key management entity and those it serves. */
export interface KeyHouse extends AsyncDisposable {
  readonly server: KeyServer;
  /** Keys of an SAE, booked in a file. */
  readonly keysOf: (sae: string, file: string, now?: () => number) => OneTimeKeys;
}

/** Starts the entity. */
export async function startKeyHouse(saes: readonly string[], quirks: ReadonlySet<Quirk> = new Set()): Promise<KeyHouse> {
  const issue = await testAuthority();
  const server = await startKeyServer(await issue('kme'), keyPool(saes, quirks));
  const clients = new Map<string, EtsiQkd014Client>();
  for (const sae of saes) clients.set(sae, new EtsiQkd014Client({ url: server.url, tls: await issue(sae), attempts: 1 }));
  const clientOf = (sae: string): EtsiQkd014Client => {
    const client = clients.get(sae);
    if (client === undefined) throw new RangeError(`the entity does not serve ${sae}`);
    return client;
  };
  const books: OneTimeKeys[] = [];
  return {
    server,
    keysOf: (sae, file, now = Date.now) => {
      const keys = new OneTimeKeys(clientOf(sae), new KeyBook(openBook(file), now));
      books.push(keys);
      return keys;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { book } of books) book.database.close();
      for (const client of clients.values()) client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
