/** The thread of a site in which its halves of the links live: post-processing does not hold up the key server. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { QkdError } from '../error.js';
import { seededRandom, systemRandom } from '../random.js';
import { SiteRandom } from '../randomness/site-random.js';
import { databaseFile } from '../config.js';
import { BlockStore } from '../store/block-store.js';
import { openDatabase } from '../store/database.js';
import { Vault } from '../store/vault.js';
import { AliceHalf } from './alice-half.js';
import { BobHalf } from './bob-half.js';
import type { BatchAnswer, HalfReport, HalfRequest, HalvesData, NextBatch, SetSource } from './half-messages.js';

const { site, seed, optics } = workerData as HalvesData;
const report = (message: HalfReport): void => { parentPort?.postMessage(message); };
const askOptics = (message: NextBatch): void => { optics.postMessage(message); };

const start = async (): Promise<void> => {
  const database = openDatabase(databaseFile(site));
  const vault = new Vault(readFileSync(site.storeKeyFile));
  const alices = new Map<string, AliceHalf>();
  const bobs: BobHalf[] = [];
  const stores = new Map<string, BlockStore>();
  const random = new SiteRandom((reason) => { report({ kind: 'source-failed', reason }); }, seed === undefined ? systemRandom : seededRandom(seed));
  for (const link of site.links) {
    const store = new BlockStore(database, vault, link.name, link.role);
    store.importInitialKey(link.initialKeyFile);
    stores.set(link.name, store);
    const { profile } = link;
    if (link.role === 'alice') alices.set(link.name, new AliceHalf(link, profile, store, random.fill, askOptics, report));
    else bobs.push(new BobHalf(link, profile, store, random.fill, report));
  }
  await Promise.all(bobs.map(async (bob) => bob.listen()));
  optics.on('message', (answer: BatchAnswer) => { alices.get(answer.link)?.take(answer); });
  parentPort?.on('message', (request: HalfRequest | SetSource) => {
    switch (request.kind) {
      case 'make': void alices.get(request.link)?.make(request.split); break;
      case 'route': alices.get(request.link)?.route(request.classical); break;
      case 'resume': stores.get(request.link)?.allowAttempt(); break;
      case 'source': random.setFault(request.fault);
    }
  });
};

try {
  await start();
  report({ kind: 'listening' });
} catch (thrown) {
  // An error's class does not survive the way to another thread.
  if (!(thrown instanceof QkdError)) throw thrown;
  report({ kind: 'refused', code: thrown.code, message: thrown.message, remedy: thrown.remedy });
}
