/** kill -9 of a key server at every arrow of a key's way: no key twice, no two keys under one key_ID, in step again. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { databaseFile } from '../config.js';
import { systemRandom } from '../random.js';
import { openDatabase } from '../store/database.js';
import { KeyStore } from '../store/key-store.js';
import { Vault } from '../store/vault.js';
import { KeyServers } from '../testing/key-servers.js';
import type { Reply, Sae } from '../testing/sae.js';

const program = fileURLToPath(new URL('../testing/crashing-kme.js', import.meta.url));

/** Where each arrow is, and whether the key of the request under way can still be delivered afterwards. */
const arrows = [
  ['a', 'settle:before'], ['a', 'settle:after'], ['b', 'compare:before'], ['b', 'compare:after'],
  ['a', 'allocate:before'], ['a', 'allocate:after'], ['a', 'send:after'],
  ['b', 'reserve:before'], ['b', 'reserve:after'], ['b', 'deliver:before'], ['b', 'deliver:after'],
] as const;

describe('key servers that are killed', function () {
  this.timeout(120_000);

  const servers = new KeyServers();
  const processes = new Map<string, ChildProcess>();
  const given = new Map<string, string>();
  const delivered = new Set<string>();
  let [a, b] = [] as unknown as [Sae, Sae];

  const start = async (site: string, arrow = ''): Promise<void> => {
    const child = fork(program, [join(servers.folder, site, 'site.yaml'), arrow], { silent: true });
    processes.set(site, child);
    // One that kills itself when it starts is never ready.
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
  };
  const gone = (site: string): boolean => processes.get(site)?.signalCode === 'SIGKILL';
  const kill = async (site: string): Promise<void> => {
    const child = processes.get(site);
    if (child === undefined || gone(site)) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  const get = async (): Promise<string | undefined> => {
    const reply: Reply | undefined = await a.call(servers.url('a', 'sae-b', 'enc_keys')).catch(() => undefined);
    const key = reply?.body.keys?.[0];
    if (key === undefined) return undefined;
    expect(given.has(key.key_ID), 'a key_ID twice').equal(false);
    given.set(key.key_ID, key.key);
    return key.key_ID;
  };
  const deliver = async (id: string): Promise<boolean> => {
    const reply = await b.call(`${servers.url('b', 'sae-a', 'dec_keys')}?key_ID=${id}`).catch(() => undefined);
    if (reply?.status !== 200) return false;
    expect(delivered.has(id), 'delivered twice').equal(false);
    delivered.add(id);
    expect(reply.body.keys![0]!.key).equal(given.get(id));
    return true;
  };
  /** Gets and delivers a key; whether both went well. */
  const use = async (): Promise<boolean> => {
    const id = await get();
    return id !== undefined && deliver(id);
  };

  before(async () => {
    await servers.write({ a: ['sae-a'], b: ['sae-b'] });
    [a, b] = [await servers.sae('sae-a'), await servers.sae('sae-b')];
  });

  after(async () => {
    for (const site of processes.keys()) await kill(site);
    servers.remove();
  });

  for (const [site, arrow] of arrows) {
    it(`at ${site}, ${arrow.replace(':', ': ')}`, async () => {
      for (const each of ['a', 'b']) await kill(each);
      servers.deposit(20);
      for (const each of ['b', 'a']) await start(each, each === site ? arrow : '');
      let id: string | undefined;
      for (let tries = 0; tries < 100 && !gone(site); tries++) {
        id = await get();
        if (id !== undefined) await deliver(id);
        await pause(50);
      }
      expect(gone(site), 'killed').equal(true);
      await start(site);
      // A delivery that was not written can be asked for again; one that was written cannot.
      if (id !== undefined && !delivered.has(id)) expect(await deliver(id)).equal(arrow === 'deliver:before');
      let used = false;
      for (let tries = 0; tries < 200 && !used; tries++) {
        used = await use();
        if (!used) await pause(50);
      }
      expect(used, 'keys again').equal(true);
      expect(new Set(given.values()).size, 'key bytes twice').equal(given.size);
      for (const earlier of delivered) expect(await deliver(earlier)).equal(false);
    });
  }

  it('leaves both ends in step, and counts what was lost', async () => {
    for (const site of ['a', 'b']) await kill(site);
    const views = ['a', 'b'].map((site) => {
      const config = servers.config(site);
      const database = openDatabase(databaseFile(config));
      const view = new KeyStore(database, new Vault(readFileSync(config.storeKeyFile)), systemRandom).view('a-b');
      expect(database.prepare('SELECT count(*) AS n FROM key GROUP BY link, block, start HAVING n > 1').all()).deep.equal([]);
      database.close();
      return view;
    });
    expect([views[0]!.pool.out, views[0]!.pool.in]).deep.equal([views[1]!.pool.in, views[1]!.pool.out]);
    expect(views[0]!.counters.blocks).equal(views[1]!.counters.blocks);
    // What left the pool at b is what it was told of and what was lost on the way.
    expect(views[1]!.counters.burntBits).greaterThan(0);
    expect(views[1]!.counters.usedBits + views[1]!.counters.burntBits).equal(views[1]!.counters.blocks * 20 * 256 - 8 * views[1]!.pool.in);
  });
});
