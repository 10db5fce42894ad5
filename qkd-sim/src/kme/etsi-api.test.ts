/** The contract of ETSI GS QKD 014 V1.1.1, clause by clause, against real key servers over mutual TLS. */
import { expect } from 'chai';
import { KeyServers, type RunningKme, startKme } from '../testing/key-servers.js';
import type { Reply, Sae } from '../testing/sae.js';
import { errorBody, keyContainer, statusBody } from './etsi-answers.js';

const UNKNOWN = '11111111-1111-4111-8111-111111111111';

describe('ETSI GS QKD 014 V1.1.1', function () {
  this.timeout(120_000);

  const servers = new KeyServers();
  const running: RunningKme[] = [];
  let [a, a2, b, b2, c] = [] as unknown as [Sae, Sae, Sae, Sae, Sae];

  before(async () => {
    await servers.write({ a: ['sae-a', 'sae-a2'], b: ['sae-b', 'sae-b2'], c: ['sae-c'] });
    servers.deposit(400, Date.now() - 3_600_000, 1e-8);
    for (const site of ['a', 'b', 'c']) running.push(await startKme(servers.config(site)));
    [a, a2, b, b2, c] = await Promise.all([servers.sae('sae-a'), servers.sae('sae-a2'), servers.sae('sae-b'), servers.sae('sae-b2'), servers.sae('sae-c')]);
    // The two ends of each link agree on their blocks first.
    for (const [sae, site, slave] of [[a, 'a', 'sae-b'], [a, 'a', 'sae-c'], [b, 'b', 'sae-a']] as const) {
      for (let tries = 0; tries < 100 && (await sae.call(servers.url(site, slave, 'enc_keys'))).status !== 200; tries++) await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  });

  after(async () => {
    for (const kme of running) await kme.stop();
    servers.remove();
  });

  const enc = async (body?: unknown, query = '', sae = a, slave = 'sae-b', site = 'a'): Promise<Reply> => sae.call(servers.url(site, slave, 'enc_keys') + query, body);
  const dec = async (sae: Sae, site: string, ids: readonly string[], master = 'sae-a'): Promise<Reply> =>
    sae.call(servers.url(site, master, 'dec_keys'), { key_IDs: ids.map((id) => ({ key_ID: id })) });
  const ids = ({ status, body }: Reply): string[] => {
    expect(status, body.message).equal(200);
    return body.keys!.map(({ key_ID: id }) => id);
  };
  const bits = ({ body }: Reply): number[] => body.keys!.map(({ key }) => 8 * Buffer.from(key, 'base64').length);
  const refused = (reply: Reply, status: number, message?: string | RegExp): void => {
    expect(reply.status, reply.body.message).equal(status);
    expect(errorBody.safeParse(reply.body).success).equal(true);
    if (typeof message === 'string') expect(reply.body).deep.equal({ message });
    if (message instanceof RegExp) expect(reply.body.message).match(message);
  };

  describe('clause 5.1, protocol', () => {
    it('answers JSON in UTF-8 and lets no one keep it', async () => {
      const { headers } = await enc();
      expect(headers).deep.include({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    });

    it('answers 404 and 405 as plain HTTP to what is no method of it', async () => {
      for (const path of ['/elsewhere', '/api/v2/keys/sae-b/status', '/api/v1/keys/sae-b/no_keys', '/api/v1/keys/sae-b/status/', '//', '/api/v1/keys/status']) {
        refused(await a.call(new URL(servers.url('a', 'sae-b', 'status')).origin + path), 404);
      }
      for (const [action, method, allow] of [['status', 'POST', 'GET'], ['enc_keys', 'PUT', 'GET, POST'], ['dec_keys', 'DELETE', 'GET, POST']] as const) {
        const reply = await a.call(servers.url('a', 'sae-b', action), undefined, method);
        refused(reply, 405);
        expect(reply.headers.allow).equal(allow);
      }
    });

    it('takes the SAE ID from the certificate and answers 401 with a body to one that it does not serve', async () => {
      const stranger = await servers.sae('sae-x');
      for (const action of ['status', 'enc_keys', 'dec_keys']) refused(await stranger.call(servers.url('a', 'sae-b', action)), 401, 'the certificate names no SAE of this KME');
      refused(await b.call(servers.url('a', 'sae-b', 'enc_keys')), 401);
      refused(await (await servers.sae('kme-b')).call(servers.url('a', 'sae-b', 'enc_keys')), 401);
    });

    it('does not take an application for a key server', async () => {
      const { origin } = new URL(servers.url('b', 'sae-a', 'status'));
      for (const action of ['reserve', 'match', 'mark', 'x']) refused(await a.call(`${origin}/peer/v1/${action}`, { link: 'a-b' }), 401);
      // The key server of c is at no end of the link from a to b.
      refused(await (await servers.sae('kme-c')).call(`${origin}/peer/v1/mark`, { link: 'a-b', wantedBytes: 0 }), 401, 'not a link of the caller');
    });
  });

  describe('clause 5.2 and 6.1, Get status', () => {
    it('tells the mandatory members and our extension', async () => {
      const { status, body } = await a.call(servers.url('a', 'sae-b', 'status'));
      expect(status).equal(200);
      expect(statusBody.safeParse(body).error?.message).equal(undefined);
      expect(body).deep.include({
        source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256,
        max_key_per_request: 128, max_key_size: 8192, min_key_size: 64, max_SAE_ID_count: 16,
      });
      expect(body['status_extension']).deep.include({ epione_link: 'a-b', epione_health: 'ok', epione_qber: 0.02, epione_running_epsilon: 1e-8, epione_blocks: 1 });
    });

    it('counts the keys that are left', async () => {
      const stored = async (): Promise<number> => (await a.call(servers.url('a', 'sae-b', 'status'))).body['stored_key_count'] as number;
      const before = await stored();
      await enc({ number: 3 });
      expect(await stored()).equal(before - 3);
    });
  });

  describe('clause 5.3 and 6.2, Get key', () => {
    it('takes POST with neither body nor Content-Type, with an empty object, and with number and size', async () => {
      expect(bits(await a.call(servers.url('a', 'sae-b', 'enc_keys'), '', 'POST'))).deep.equal([256]);
      expect(bits(await enc({}))).deep.equal([256]);
      expect(bits(await enc({ number: 3, size: 1024 }))).deep.equal([1024, 1024, 1024]);
    });

    it('takes GET with nothing, number, size, or both', async () => {
      expect(bits(await enc())).deep.equal([256]);
      expect(bits(await enc(undefined, '?number=2'))).deep.equal([256, 256]);
      expect(bits(await enc(undefined, '?size=64'))).deep.equal([64]);
      expect(bits(await enc(undefined, '?number=3&size=1024'))).deep.equal([1024, 1024, 1024]);
    });

    it('answers a key container: UUIDs, base64, and the epsilon of each key', async () => {
      const { body } = await enc({ number: 2 });
      expect(keyContainer.safeParse(body).error?.message).equal(undefined);
      expect(body.keys!.map((key) => key.key_extension)).deep.equal([{ epione_epsilon: 1e-8 }, { epione_epsilon: 1e-8 }]);
      expect(new Set(body.keys!.flatMap(({ key, key_ID: id }) => [key, id])).size).equal(4);
    });

    it('says "size shall be a multiple of 8"', async () => {
      refused(await enc({ size: 257 }), 400, 'size shall be a multiple of 8');
      refused(await enc(undefined, '?size=257'), 400, 'size shall be a multiple of 8');
    });

    it('answers 400 to malformed values, with all faults', async () => {
      for (const value of [0, -8, 'abc01', 1.5]) {
        refused(await enc({ number: value }), 400, /^number: /);
        refused(await enc({ size: value }), 400, /^size: |multiple of 8/);
        refused(await enc(undefined, `?number=${value}`), 400, /^number: /);
      }
      const reply = await enc({ number: 0, size: 32, additional_slave_SAE_IDs: ['sae-a2', 'sae-a2'] });
      refused(reply, 400, /^size: .*; number: .*; additional_slave_SAE_IDs: /);
      expect(reply.body.details!.map((detail) => Object.keys(detail)[0])).deep.equal(['size', 'number', 'additional_slave_SAE_IDs']);
      for (const body of ['{', '[]', '"x"', 'null,']) refused(await enc(body), 400);
    });

    it('ignores unknown members', async () => {
      expect(ids(await enc({ additional_target_sae_ids: [], x: 1, additional_slave_SAE_IDs: [] }))).length(1);
    });

    it('answers 400 to an unknown, blank, badly encoded or own SAE ID', async () => {
      for (const slave of ['sae-x', '', 'sae-a']) refused(await a.call(servers.url('a', slave, 'enc_keys')), 400, /^SAE_ID: /);
      refused(await a.call(servers.url('a', 'x', 'enc_keys').replace('/x/', '/%ff/')), 400, /^SAE_ID: /);
    });

    it('answers 503 with Retry-After to an empty pool', async () => {
      const reply = await enc({ number: 128, size: 8192 });
      refused(reply, 503, 'the pool for kme-b has fewer than 128 keys of 8192 bits now');
      expect(reply.headers['retry-after']).equal('1');
    });
  });

  describe('clause 6.2, extensions', () => {
    it('says "not all extension_mandatory parameters are supported"', async () => {
      refused(await enc({ extension_mandatory: [{ acme_route_type: 'direct' }] }), 400, 'not all extension_mandatory parameters are supported');
      refused(await enc({ extension_mandatory: [{ epione_max_epsilon: 1, acme_route_type: 'direct' }] }), 400, 'not all extension_mandatory parameters are supported');
    });

    it('says "not all extension_mandatory request options could be met", and burns no key', async () => {
      const stored = async (): Promise<unknown> => (await a.call(servers.url('a', 'sae-b', 'status'))).body['stored_key_count'];
      const before = await stored();
      for (const demand of [{ epione_max_epsilon: 1e-9 }, { epione_max_age_s: 60 }]) {
        refused(await enc({ extension_mandatory: [demand] }), 400, 'not all extension_mandatory request options could be met');
      }
      expect(await stored()).equal(before);
    });

    it('gives keys that meet what is demanded', async () => {
      expect(ids(await enc({ extension_mandatory: [{ epione_max_epsilon: 1e-8, epione_max_age_s: 7200 }] }))).length(1);
    });

    it('delivers when an option is unknown or not met, and says "not all extension_optional request options handled"', async () => {
      for (const wish of [{ acme_route_type: 'direct' }, { epione_max_age_s: 60 }]) {
        const { status, body } = await enc({ extension_optional: [wish] });
        expect([status, body['key_container_extension']]).deep.equal([200, { epione_notice: 'not all extension_optional request options handled' }]);
        expect(keyContainer.safeParse(body).success).equal(true);
      }
      expect((await enc({ extension_optional: [{ epione_max_age_s: 7200 }] })).body).not.property('key_container_extension');
    });

    it('answers 400 to a known extension with a malformed value', async () => {
      refused(await enc({ extension_mandatory: [{ epione_max_epsilon: 'small' }] }), 400, /^extension_mandatory\.epione_max_epsilon: /);
    });
  });

  describe('clause 6.2, additional_slave_SAE_IDs', () => {
    it('delivers one key once to each slave, of the same KME as the first', async () => {
      const made = await enc({ number: 2, additional_slave_SAE_IDs: ['sae-b2'] });
      for (const slave of [b, b2]) {
        expect((await dec(slave, 'b', ids(made))).body).deep.equal(made.body);
        refused(await dec(slave, 'b', ids(made)), 400, 'one or more keys specified are not found on KME');
      }
    });

    it('delivers to slaves of other KMEs and of the master\'s own', async () => {
      const made = await enc({ number: 2, size: 512, additional_slave_SAE_IDs: ['sae-c', 'sae-a2', 'sae-b2'] });
      // Two links carried the key: the probability that one of them was not secret is the sum.
      expect(made.body.keys!.map((key) => key.key_extension)).deep.equal([{ epione_epsilon: 2e-8 }, { epione_epsilon: 2e-8 }]);
      for (const [slave, site] of [[b, 'b'], [b2, 'b'], [c, 'c'], [a2, 'a']] as const) {
        expect((await dec(slave, site, ids(made))).body).deep.equal(made.body);
        refused(await dec(slave, site, ids(made)), 400, 'one or more keys specified are not found on KME');
      }
    });

    it('answers 400 to blank, duplicate, unknown, too many, the master and the first slave', async () => {
      for (const list of [[''], [' '], ['sae-c', 'sae-c'], ['sae-x'], ['sae-a'], ['sae-b'], Array.from({ length: 17 }, (_, index) => `sae-${index}`)]) {
        refused(await enc({ additional_slave_SAE_IDs: list }), 400, /additional_slave_SAE_IDs: /);
      }
    });
  });

  describe('clause 5.4 and 6.4, Get key with key IDs', () => {
    it('takes GET with one key_ID and POST with several, in any case', async () => {
      const one = await enc();
      expect((await b.call(`${servers.url('b', 'sae-a', 'dec_keys')}?key_ID=${ids(one)[0]!.toUpperCase()}`)).body).deep.equal(one.body);
      const several = await enc({ number: 5 });
      expect((await dec(b, 'b', ids(several).map((id) => id.toUpperCase()))).body).deep.equal(several.body);
    });

    it('ignores extensions of key IDs', async () => {
      const made = await enc();
      const reply = await b.call(servers.url('b', 'sae-a', 'dec_keys'), { key_IDs: [{ key_ID: ids(made)[0], key_ID_extension: { x: 1 } }], key_IDs_extension: { y: 2 } });
      expect(reply.body).deep.equal(made.body);
    });

    it('removes keys from the pool: delivers once, and says "one or more keys specified are not found on KME"', async () => {
      const made = await enc();
      expect((await dec(b, 'b', ids(made))).status).equal(200);
      refused(await dec(b, 'b', ids(made)), 400, 'one or more keys specified are not found on KME');
      refused(await dec(b, 'b', [UNKNOWN]), 400, 'one or more keys specified are not found on KME');
    });

    it('gives all of several keys or none', async () => {
      const made = await enc();
      refused(await dec(b, 'b', [...ids(made), UNKNOWN]), 400, 'one or more keys specified are not found on KME');
      expect((await dec(b, 'b', ids(made))).body).deep.equal(made.body);
    });

    it('answers 401 to an SAE that was not named when the keys were made, and 400 to one that names the wrong master', async () => {
      const made = await enc();
      refused(await dec(b2, 'b', ids(made)), 401, 'the caller was not named when these keys were made');
      refused(await dec(b, 'b', ids(made), 'sae-a2'), 400, 'one or more keys specified are not found on KME');
      refused(await dec(a, 'a', ids(made), 'sae-b'), 401);
      expect((await dec(b, 'b', ids(made))).status).equal(200);
    });

    it('answers 400 to what is no UUID, twice the same, too many, or none', async () => {
      for (const list of [['x'], [UNKNOWN, UNKNOWN], [], Array.from({ length: 129 }, (_, index) => UNKNOWN.replace(/.{3}$/, String(index).padStart(3, '0')))]) refused(await dec(b, 'b', list), 400);
      for (const query of ['', '?key_ID=', `?key_ID=${UNKNOWN}&key_ID=${UNKNOWN}`]) refused(await b.call(servers.url('b', 'sae-a', 'dec_keys') + query), 400);
    });
  });

  describe('what the standard leaves open', () => {
    it('makes keys between two SAEs of one KME', async () => {
      const made = await enc({ number: 2 }, '', a, 'sae-a2');
      expect((await dec(a2, 'a', ids(made))).body).deep.equal(made.body);
      refused(await dec(a2, 'a', ids(made)), 400, 'one or more keys specified are not found on KME');
      const { body } = await a.call(servers.url('a', 'sae-a2', 'status'));
      expect(body).deep.include({ source_KME_ID: 'kme-a', target_KME_ID: 'kme-a' });
      expect(statusBody.safeParse(body).success).equal(true);
    });

    it('describes itself', async () => {
      const { status, body } = await a.call(new URL('/openapi.json', servers.url('a', 'sae-b', 'status')).href);
      expect([status, body['openapi']]).deep.equal([200, '3.1.0']);
    });
  });
});
