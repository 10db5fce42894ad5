/** The thread of a site that owns the key server's store: waiting for the disk does not hold up its callers. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../error.js';
import { SiteRandom } from '../randomness/site-random.js';
import { inTransaction, openDatabase } from './database.js';
import { KeyStore } from './key-store.js';
import type { Batch, Call, Outcome, StoreData, StoreReport } from './store-messages.js';
import { Vault } from './vault.js';

const { databaseFile, storeKey, links } = workerData as StoreData;
const database = openDatabase(databaseFile);
let sourceFailure: string | undefined;
const random = new SiteRandom((reason) => { sourceFailure = reason; });
const store = new KeyStore(database, new Vault(storeKey), random.fill);
const report = (outcomes: readonly Outcome[]): void => {
  parentPort?.postMessage({ outcomes, views: links.map((link) => store.view(link)), sourceFailure } satisfies StoreReport);
};

const run = ({ operation, args }: Call): unknown => (store[operation] as (...args: unknown[]) => unknown).apply(store, [...args]);

const alone = (call: Call): Outcome => {
  try {
    return { result: inTransaction(database, () => run(call)) };
  } catch (thrown) {
    return { fault: messageOf(thrown) };
  }
};

/** A batch shares one wait for the disk; when one of it fails, which is rare, each is tried alone. */
const runAll = (calls: Batch): Outcome[] => {
  try {
    return inTransaction(database, () => calls.map((call) => ({ result: run(call) })));
  } catch {
    return calls.map(alone);
  }
};

parentPort?.on('message', (calls: Batch) => { report(runAll(calls)); });
report([]);
