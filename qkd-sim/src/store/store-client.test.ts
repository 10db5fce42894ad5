/** The thread of the store: batches, faults of one among many, and its end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { padsPlace } from './block-store.js';
import { openDatabase } from './database.js';
import { StoreClient } from './store-client.js';
import { Vault } from './vault.js';

describe('store client', () => {
  let folder: string;
  let store: StoreClient;
  const storeKey = new Uint8Array(32);
  const ignore = (): void => undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'epione-'));
    const database = openDatabase(join(folder, 'site.db'));
    database.prepare('INSERT INTO link (name, pads) VALUES (?, ?)').run('a-b', new Vault(storeKey).seal(new Uint8Array(64), padsPlace('a-b')));
    database.close();
    store = await StoreClient.start({ databaseFile: join(folder, 'site.db'), storeKey, links: ['a-b'] }, ignore);
  });

  after(async () => {
    await store.stop();
    rmSync(folder, { recursive: true });
  });

  it('knows the links from the start, and after each batch', async () => {
    expect(store.view('a-b')).deep.include({ pool: { out: 0, in: 0 } });
    expect(() => store.view('a-x')).throw(RangeError);
    await Promise.all([1, 2, 3].map(async (n) => store.call('countDrop', 'a-b', `reason ${n}`)));
    expect(store.view('a-b').counters).deep.include({ drops: 3, lastReason: 'reason 3' });
  });

  it('gives each of a batch its own end', async () => {
    const before = store.view('a-b').counters.drops;
    const ends = await Promise.allSettled([
      store.call('countDrop', 'a-b', 'first'), store.call('countDrop', 'a-b', undefined as unknown as string), store.call('countDrop', 'a-b', 'last'),
    ]);
    expect(ends.map(({ status }) => status)).deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.view('a-b').counters).deep.include({ drops: before + 2, lastReason: 'last' });
  });

  it('makes keys between SAEs of one site, delivered once to each', async () => {
    const made = await store.call('allocate', { count: 2, bytes: 16, master: 'sae-a', slaves: ['sae-b', 'sae-c'], links: [] });
    if (!('keys' in made)) throw new Error(made.refused);
    const ids = made.keys.map(({ keyId }) => keyId);
    for (const slave of ['sae-b', 'sae-c']) {
      expect(await store.call('deliver', 'sae-a', slave, ids)).deep.equal(made.keys);
      expect(await store.call('deliver', 'sae-a', slave, ids)).equal('unknown');
    }
    expect(await store.call('deliver', 'sae-a', 'sae-d', ids)).equal('not entitled');
    const database = openDatabase(join(folder, 'site.db'));
    expect(database.prepare('SELECT count(*) AS n FROM key WHERE secret IS NOT NULL').get()!['n']).equal(0);
    database.close();
  });

  it('refuses what is asked after its end, and a state that does not open', async () => {
    const other = await StoreClient.start({ databaseFile: join(folder, 'site.db'), storeKey, links: ['a-b'] }, ignore);
    const asked = [other.call('countDrop', 'a-b', 'too late'), other.stop().then(async () => other.call('mark', 'a-b'))];
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).deep.equal(['rejected', 'rejected']);
    const failure: unknown = await StoreClient.start({ databaseFile: folder, storeKey, links: [] }, ignore).catch((thrown: unknown) => thrown);
    expect(failure).deep.include({ code: 'STORE' });
  });
});
