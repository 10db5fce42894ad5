/** Keys over trusted nodes: real key servers, stores and TLS, in a square without a link between two opposite corners. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { KeyServers, type RunningKme, startKme } from '../testing/key-servers.js';
import type { Sae } from '../testing/sae.js';
import { aboutOf } from './ext-keys.js';
import { cover, padBytes } from './hop-cover.js';

interface Keys {
  readonly keys: readonly { readonly key_ID: string; readonly key: string; readonly key_extension: { readonly epione_epsilon: number } }[];
}

describe('relay', function () {
  this.timeout(120_000);
  const servers = new KeyServers();
  const running = new Map<string, RunningKme>();
  let [north, south, mid, stranger] = [] as unknown as [Sae, Sae, Sae, Sae];
  const keysOf = (reply: { status: number; body: unknown }): Keys['keys'] => {
    expect(reply.status, JSON.stringify(reply.body)).equal(200);
    return (reply.body as Keys).keys;
  };
  const start = async (site: string): Promise<void> => { running.set(site, await startKme(servers.config(site))); };
  const stop = async (site: string): Promise<void> => { await running.get(site)?.stop(); running.delete(site); };
  const stored = async (): Promise<number> => (await north.call(servers.url('north', 'sae-south', 'status'))).body['stored_key_count'] as number;

  before(async () => {
    await servers.write({ north: ['sae-north'], mid: ['sae-mid'], west: [], south: ['sae-south', 'sae-south-2'] }, { skip: true }, {
      links: [{ alice: 'north', bob: 'mid' }, { alice: 'mid', bob: 'south' }, { alice: 'north', bob: 'west' }, { alice: 'west', bob: 'south' }], disjointPaths: 2,
    });
    servers.deposit(200);
    for (const site of ['north', 'mid', 'west', 'south']) await start(site);
    [north, south, mid, stranger] = await Promise.all(['sae-north', 'sae-south', 'sae-mid', 'sae-nobody'].map(async (name) => servers.sae(name))) as [Sae, Sae, Sae, Sae];
    // The links agree on their blocks first.
    for (let i = 0; i < 100 && await stored() === 0; i++) await new Promise((done) => { setTimeout(done, 50); });
  });

  after(async () => {
    for (const site of [...running.keys()]) await stop(site);
    servers.remove();
  });

  it('gives both ends the same keys, once, and adds up the epsilon of four links', async () => {
    const keys = keysOf(await north.call(servers.url('north', 'sae-south', 'enc_keys'), { number: 3, size: 512 }));
    const ids = keys.map(({ key_ID }) => ({ key_ID }));
    const same = keysOf(await south.call(servers.url('south', 'sae-north', 'dec_keys'), { key_IDs: ids }));
    expect(same).deep.equal(keys);
    expect(new Set(keys.map(({ key }) => key)).size).equal(3);
    for (const { key, key_extension: { epione_epsilon: epsilon } } of keys) {
      expect(Buffer.from(key, 'base64')).length(64);
      expect(epsilon).closeTo(4e-10, 1e-15);
    }
    expect((await south.call(servers.url('south', 'sae-north', 'dec_keys'), { key_IDs: ids })).status).equal(400);
  });

  it('works in the other direction, and lets nobody else have the key', async () => {
    const [key] = keysOf(await south.call(servers.url('south', 'sae-north', 'enc_keys')));
    expect((await mid.call(servers.url('mid', 'sae-south', 'dec_keys'), { key_IDs: [{ key_ID: key!.key_ID }] })).status).equal(400);
    expect((await stranger.call(servers.url('north', 'sae-south', 'enc_keys'))).status).equal(401);
    expect(keysOf(await north.call(servers.url('north', 'sae-south', 'dec_keys'), { key_IDs: [{ key_ID: key!.key_ID }] }))[0]!.key).equal(key!.key);
  });

  it('gives copies of one key to slaves behind a link and beyond one', async () => {
    const [key] = keysOf(await north.call(servers.url('north', 'sae-mid', 'enc_keys'), { additional_slave_SAE_IDs: ['sae-south'] }));
    const ids = { key_IDs: [{ key_ID: key!.key_ID }] };
    for (const [sae, site] of [[mid, 'mid'], [south, 'south']] as const) expect(keysOf(await sae.call(servers.url(site, 'sae-north', 'dec_keys'), ids))[0]!.key).equal(key!.key);
  });

  it('tells the status of a way over others, and takes key of the first links', async () => {
    const { body } = await north.call(servers.url('north', 'sae-south', 'status'));
    expect(body).include({ source_KME_ID: 'kme-north', target_KME_ID: 'kme-south', master_SAE_ID: 'sae-north', slave_SAE_ID: 'sae-south' });
    expect(body['status_extension']).deep.include({ epione_state: 'relayed', epione_health: 'ok', epione_paths: 2 });
    const before = await stored();
    keysOf(await north.call(servers.url('north', 'sae-south', 'enc_keys'), { number: 10 }));
    expect(before - await stored()).within(5, 6);
  });

  it('does not promise what it cannot see', async () => {
    const { status, body } = await north.call(servers.url('north', 'sae-south', 'enc_keys'), { extension_mandatory: [{ epione_max_epsilon: 1e-3 }] });
    expect(status).equal(400);
    expect(body.message).equal('not all extension_mandatory request options could be met');
  });

  it('answers SKIP from the same pools', async () => {
    const base = new URL(servers.url('north', 'x', 'y')).origin;
    expect((await north.call(`${base}/capabilities`)).body).deep.equal({ entropy: true, key: true, algorithm: 'QKD', localSystemID: 'sae-north', remoteSystemID: ['sae-mid', 'sae-south', 'sae-south-2'] });
    const { body } = await north.call(`${base}/key?remoteSystemID=sae-south&size=128`) as unknown as { body: { keyId: string; key: string } };
    const other = new URL(servers.url('south', 'x', 'y')).origin;
    expect((await south.call(`${other}/key/${body.keyId}?remoteSystemID=sae-north`)).body).deep.equal(body);
    expect((await south.call(`${other}/key/${body.keyId}?remoteSystemID=sae-north`)).status).equal(400);
    expect((await north.call(`${base}/entropy?minentropy=512`)).body['minentropy']).equal(512);
    expect((await stranger.call(`${base}/capabilities`)).status).equal(401);
    expect((await north.call(`${base}/key?remoteSystemID=sae-south`, {})).status).equal(405);
  });

  describe('between key servers', () => {
    const path = ['kme-north', 'kme-mid', 'kme-south'];
    const post = async (site: string, as: string, body: object): Promise<{ status: number; body: { message?: string } }> => (await servers.sae(as)).call(`${new URL(servers.url(site, 'x', 'y')).origin}/kmapi/v1/ext_keys`, body);
    const message = (change: object = {}, relay: object = {}): object => {
      const [keyId, way] = [randomUUID(), { path, part: 0, parts: 2, epsilon: 0 }];
      const { ciphertext, tag } = cover(new Uint8Array(padBytes(32)), new Uint8Array(32), aboutOf([keyId], 'sae-north', ['sae-south'], way));
      return {
        keys: [{ key_ID: keyId, key: Buffer.from(ciphertext).toString('base64') }], initiator_sae_id: 'sae-north', target_sae_ids: ['sae-south'],
        ack_callback_url: `${new URL(servers.url('mid', 'x', 'y')).origin}/kmapi/v1/ack/${randomUUID()}`,
        extension_mandatory: [{ epione_relay: { ...way, pad_key_ID: randomUUID(), tag: Buffer.from(tag).toString('hex'), ...relay } }], ...change,
      };
    };

    it('refuses strangers, other ways, other SAEs, foreign extensions, and keys without a pad', async () => {
      expect((await post('south', 'sae-north', message())).status).equal(401);
      for (const [change, relay, status, words] of [
        [{}, { path: ['kme-north', 'kme-west', 'kme-south'] }, 401, /not the way/],
        [{}, { path: ['kme-mid', 'kme-south'] }, 400, /not a path/],
        [{}, { part: 1 }, 400, /not a path/],
        [{}, { parts: 1 }, 400, /not a path/],
        [{ initiator_sae_id: 'sae-mid' }, {}, 400, /other sites/],
        [{ target_sae_ids: ['sae-mid'] }, {}, 400, /other sites/],
        [{ ack_callback_url: 'https://attacker.example/x' }, {}, 400, /ack_callback_url/],
        [{ extension_mandatory: [{ other_way: 1 }] }, {}, 400, /extension_mandatory/],
        [{ keys: [] }, {}, 400, /bad request format/],
        [{}, {}, 400, /pad/],
      ] as const) {
        const answer = await post('south', 'kme-mid', message(change, relay));
        expect(answer.status, String(words)).equal(status);
        expect(answer.body.message).match(words);
      }
    });

    it('takes no acknowledgement that nobody waits for', async () => {
      const url = `${new URL(servers.url('north', 'x', 'y')).origin}/kmapi/v1/ack/${randomUUID()}`;
      const ack = { ack_status: 'relayed', initiator_sae_id: 'sae-north', target_sae_ids: ['sae-south'], key_ids: [] };
      expect((await (await servers.sae('kme-mid')).call(url, ack)).status).equal(400);
    });
  });

  it('gives nothing while one of the paths is down, and goes on when it is back', async () => {
    await stop('west');
    const { status, body } = await north.call(servers.url('north', 'sae-south', 'enc_keys'));
    expect(status).equal(503);
    expect(body.message).match(/kme-west/);
    await start('west');
    let back = await north.call(servers.url('north', 'sae-south', 'enc_keys'));
    for (let i = 0; i < 100 && back.status === 503; i++) {
      await new Promise((done) => { setTimeout(done, 100); });
      back = await north.call(servers.url('north', 'sae-south', 'enc_keys'));
    }
    const [key] = keysOf(back);
    expect(keysOf(await south.call(servers.url('south', 'sae-north', 'dec_keys'), { key_IDs: [{ key_ID: key!.key_ID }] }))[0]!.key).equal(key!.key);
  });
});
