// The client against a real HTTPS server with mutual TLS whose answers the test decides.
import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { startKeyServer, testAuthority, type Asked, type KeyServer, type Reply } from '../testing/key-server.js';
import { EtsiQkd014Client } from './client.js';
import { EtsiQkd014Error, type EtsiQkd014Code } from './error.js';
import type { ClientOptions } from './options.js';
import type { TlsConnection, TlsIdentity } from './transport.js';

const status = {
  source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256, stored_key_count: 10,
  max_key_count: 100, max_key_per_request: 8, max_key_size: 1024, min_key_size: 64, max_SAE_ID_count: 0, acme_load: 0.5,
};
const key = (fill: number, bytes = 32): { key_ID: string; key: string } => ({ key_ID: randomUUID(), key: Buffer.alloc(bytes, fill).toString('base64') });
const notFound: Reply = { status: 400, body: { message: 'one or more keys specified are not found on KME' } };

const failure = async (promise: Promise<unknown>): Promise<EtsiQkd014Error> => promise.then(
  () => { throw new Error('it did not fail'); },
  (error: unknown) => {
    expect(error).instanceOf(EtsiQkd014Error);
    return error as EtsiQkd014Error;
  },
);
const code = async (promise: Promise<unknown>): Promise<EtsiQkd014Code> => (await failure(promise)).code;

describe('ETSI GS QKD 014 client', () => {
  let issue: (name: string) => Promise<TlsIdentity>;
  let kme: TlsIdentity;
  let sae: TlsIdentity;
  let server: KeyServer | undefined;
  let client: EtsiQkd014Client | undefined;

  const against = async (answer: (asked: Asked) => Reply, options: Partial<ClientOptions> = {}, tls = {}): Promise<EtsiQkd014Client> => {
    server = await startKeyServer(kme, answer, tls);
    client = new EtsiQkd014Client({ url: server.url, tls: sae, random: () => 0, ...options });
    return client;
  };
  /** Answers one after the other; the last again and again. */
  const inTurn = (...replies: Reply[]): ((asked: Asked) => Reply) => () => (replies.length > 1 ? replies.shift() : replies[0])!;

  before(async () => {
    issue = await testAuthority();
    [kme, sae] = [await issue('kme-a'), await issue('sae-a')];
  });
  afterEach(async () => {
    client?.[Symbol.dispose]();
    await server?.[Symbol.asyncDispose]();
    [client, server] = [undefined, undefined];
  });

  it('reads the status, keeps members it does not know, and encodes the SAE ID', async () => {
    const kmeA = await against(inTurn({ status: 200, body: status }));
    expect(await kmeA.status('sae/b ä')).deep.equal(status);
    expect(server!.asked.map(({ method, url }) => [method, url])).deep.equal([['GET', '/api/v1/keys/sae%2Fb%20%C3%A4/status']]);
    expect(kmeA.connection).deep.equal({ protocol: 'TLSv1.3', group: 'X25519MLKEM768', postQuantum: true });
  });

  it('gets keys in both forms, in order, with extensions', async () => {
    const made = { keys: [{ ...key(1), key_extension: { acme_age: 3 } }, key(2)], key_container_extension: { acme_batch: 1 } };
    const kmeA = await against(inTurn({ status: 200, body: made }));
    const container = await kmeA.getKey('sae-b', { number: 2, size: 256, additionalSlaves: ['sae-c'], extensionMandatory: [{ acme_x: 1 }], extensionOptional: [] });
    expect(container.keys.map(({ id, bytes }) => [id, bytes[31], bytes.length])).deep.equal([[made.keys[0]!.key_ID, 1, 32], [made.keys[1]!.key_ID, 2, 32]]);
    expect(container.keys[0]!.members).deep.equal({ key_extension: { acme_age: 3 } });
    expect(container.members).deep.equal({ key_container_extension: { acme_batch: 1 } });
    expect(JSON.parse(server!.asked[0]!.body)).deep.equal({ number: 2, size: 256, additional_slave_SAE_IDs: ['sae-c'], extension_mandatory: [{ acme_x: 1 }], extension_optional: [] });

    await kmeA.getKey('sae-b', { form: 'GET', number: 2, size: 256 });
    expect(server!.asked[1]).deep.include({ method: 'GET', url: '/api/v1/keys/sae-b/enc_keys?number=2&size=256', body: '' });
    expect(await code(kmeA.getKey('sae-b', { form: 'GET', additionalSlaves: ['sae-c'] }))).equal('BAD_OPTION');
    expect(server!.asked).length(2);

    const ids = made.keys.map(({ key_ID }) => key_ID.toUpperCase()).toReversed();
    expect((await kmeA.getKeyWithIds('sae-b', ids)).keys.map(({ bytes }) => bytes[0])).deep.equal([2, 1]);
    expect(server!.asked[2]).deep.include({ method: 'POST', url: '/api/v1/keys/sae-b/dec_keys', body: JSON.stringify({ key_IDs: ids.map((key_ID) => ({ key_ID })) }) });
    expect(await code(kmeA.getKeyWithIds('sae-b', ids.slice(1), { form: 'GET' }))).equal('MALFORMED_ANSWER');
    expect(server!.asked[3]).deep.include({ method: 'GET', url: `/api/v1/keys/sae-b/dec_keys?key_ID=${ids[1]!}` });
  });

  it('wipes keys, and shows them neither in JSON nor in a log', async () => {
    const made = key(7);
    using container = await (await against(inTurn({ status: 200, body: { keys: [made] } }))).getKey('sae-b');
    for (const text of [inspect(container, { depth: 9 }), JSON.stringify(container)]) expect(text).contain(made.key_ID).not.contain(made.key).not.match(/\b7\b|07, 07/);
    container.keys[0]!.wipe();
    expect(container.keys[0]!.bytes).deep.equal(new Uint8Array(32));
  });

  it('gives every refusal of the standard its code, with the server\'s words', async () => {
    const refusals: [Reply, EtsiQkd014Code, EtsiQkd014Code][] = [
      [{ status: 400, body: { message: 'size shall be a multiple of 8', details: [{ size: 257 }] } }, 'BAD_REQUEST', 'BAD_REQUEST'],
      [{ status: 400, body: { message: 'not all extension_mandatory parameters are supported' } }, 'EXTENSION_REFUSED', 'EXTENSION_REFUSED'],
      [{ status: 400, body: { message: 'not all extension_mandatory request options could be met' } }, 'EXTENSION_REFUSED', 'EXTENSION_REFUSED'],
      [notFound, 'BAD_REQUEST', 'NOT_FOUND'],
      [{ status: 404, body: {} }, 'MALFORMED_ANSWER', 'NOT_FOUND'],
      [{ status: 401, body: '' }, 'NOT_ENTITLED', 'NOT_ENTITLED'],
      [{ status: 500, body: '<html>' }, 'MALFORMED_ANSWER', 'MALFORMED_ANSWER'],
      [{ status: 200, body: '<html>' }, 'MALFORMED_ANSWER', 'MALFORMED_ANSWER'],
      [{ status: 200, body: { Keys: [key(1)] } }, 'MALFORMED_ANSWER', 'MALFORMED_ANSWER'],
      [{ status: 200, body: { keys: [{ ...key(1), key_ID: 'key-1' }] } }, 'MALFORMED_ANSWER', 'MALFORMED_ANSWER'],
    ];
    let reply: Reply = 'cut';
    const kmeA = await against(() => reply);
    for (const [next, atGetKey, atGetKeyWithIds] of refusals) {
      reply = next;
      expect(await code(kmeA.getKey('sae-b')), JSON.stringify(next)).equal(atGetKey);
      expect(await code(kmeA.getKeyWithIds('sae-b', [randomUUID()])), JSON.stringify(next)).equal(atGetKeyWithIds);
    }
    expect(server!.asked).length(2 * refusals.length);
    reply = refusals[0]![0];
    expect((await failure(kmeA.getKey('sae-b'))).server).deep.equal({ status: 400, message: 'size shall be a multiple of 8', details: [{ size: 257 }] });
  });

  it('refuses keys of another number, size or key_ID than asked for, without showing them', async () => {
    const made = key(9);
    const kmeA = await against(inTurn({ status: 200, body: { keys: [made] } }));
    for (const wrong of [kmeA.getKey('sae-b', { number: 2 }), kmeA.getKey('sae-b', { size: 128 }), kmeA.getKeyWithIds('sae-b', [randomUUID()])]) {
      const error = await failure(wrong);
      expect(error.code).equal('MALFORMED_ANSWER');
      expect(inspect(error, { depth: 9 })).not.contain(made.key);
    }
  });

  it('asks again after 503, no more often than allowed, and not at all when Retry-After is past the deadline', async () => {
    const busy: Reply = { status: 503, body: { message: 'busy' } };
    const kmeA = await against(inTurn(busy, busy, { status: 200, body: { keys: [key(1)] } }));
    expect((await kmeA.getKey('sae-b')).keys).length(1);
    expect(server!.asked).length(3);
    client![Symbol.dispose]();
    await server![Symbol.asyncDispose]();

    const never = await against(inTurn({ status: 503, body: { message: 'aborted' } }), { attempts: 3 });
    expect(await failure(never.status('sae-b'))).deep.include({ code: 'UNAVAILABLE', server: { status: 503, message: 'aborted' } });
    expect(server!.asked).length(3);
    client![Symbol.dispose]();
    await server![Symbol.asyncDispose]();

    const late = await against(inTurn({ ...busy, headers: { 'retry-after': '3600' } }));
    expect(await failure(late.status('sae-b'))).deep.include({ code: 'UNAVAILABLE', server: { status: 503, message: 'busy', retryAfterMs: 3_600_000 } });
    expect(server!.asked).length(1);
  });

  it('tells an empty pool from other reasons for a 503', async () => {
    let stored = 1;
    const kmeA = await against(({ url }) => (url.endsWith('status') ? { status: 200, body: { ...status, stored_key_count: stored } } : { status: 503, body: { message: 'no' } }), { attempts: 1 });
    expect(await failure(kmeA.getKey('sae-b', { number: 2 }))).deep.include({ code: 'EXHAUSTED', server: { status: 503, message: 'no' } });
    stored = 2;
    expect(await code(kmeA.getKey('sae-b', { number: 2 }))).equal('UNAVAILABLE');
  });

  it('never asks for keys again when an answer may have been lost', async () => {
    for (const way of ['cut', 'hang'] as const) {
      const kmeA = await against(inTurn(way), { timeoutMs: 300 });
      expect(await code(kmeA.getKey('sae-b'))).equal('KEYS_MAY_BE_LOST');
      expect(server!.asked).length(1);
      client![Symbol.dispose]();
      await server![Symbol.asyncDispose]();
    }
    const stop = new AbortController();
    const kmeA = await against(() => { stop.abort(); return 'hang'; });
    expect(await code(kmeA.getKey('sae-b', { signal: stop.signal }))).equal('KEYS_MAY_BE_LOST');
  });

  it('asks for named keys again when an answer was lost, and says so when they are gone', async () => {
    const made = key(3);
    const kmeA = await against(inTurn('cut', { status: 200, body: { keys: [made] } }));
    expect((await kmeA.getKeyWithIds('sae-b', [made.key_ID])).keys[0]!.bytes[0]).equal(3);
    client![Symbol.dispose]();
    await server![Symbol.asyncDispose]();

    const gone = await against(inTurn('cut', notFound));
    expect(await code(gone.getKeyWithIds('sae-b', [made.key_ID]))).equal('KEYS_MAY_BE_LOST');
    expect(server!.asked).length(2);
  });

  it('asks again when nobody listens, and knows that no key is lost', async () => {
    const kmeA = new EtsiQkd014Client({ url: 'https://localhost:1', tls: sae, attempts: 2, random: () => 0 });
    client = kmeA;
    for (const call of [kmeA.status('sae-b'), kmeA.getKey('sae-b'), kmeA.getKeyWithIds('sae-b', [randomUUID()])]) expect(await code(call)).equal('UNAVAILABLE');
  });

  it('talks to no stranger, to no other KME, and under no certificate that the server does not know', async () => {
    const stranger = await (await testAuthority('CN=another'))('sae-a');
    const kmeA = await against(inTurn({ status: 200, body: status }));
    const { url } = server!;
    for (const options of [{ tls: { ...sae, ca: stranger.ca } }, { tls: sae, kmeId: 'kme-x' }, { tls: sae, url: url.replace('localhost', '127.0.0.1') }]) {
      using other = new EtsiQkd014Client({ url, ...options });
      expect(await code(other.getKey('sae-b')), JSON.stringify(Object.keys(options))).equal('TLS_REFUSED');
    }
    using unknown = new EtsiQkd014Client({ url, tls: { ...stranger, ca: sae.ca }, attempts: 1 });
    expect(await code(unknown.status('sae-b'))).oneOf(['TLS_REFUSED', 'UNAVAILABLE']);
    expect(server!.asked).length(0);
    using named = new EtsiQkd014Client({ url, tls: sae, kmeId: 'kme-a' });
    await named.status('sae-b');
    await kmeA.status('sae-b');
  });

  it('uses classical key exchange only when allowed, and tells each such connection', async () => {
    const classical = { ecdhCurve: 'X25519:P-256', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' };
    const strict = await against(inTurn({ status: 200, body: status }), {}, classical);
    expect(await code(strict.status('sae-b'))).equal('TLS_REFUSED');
    const told: TlsConnection[] = [];
    using lenient = new EtsiQkd014Client({ url: server!.url, tls: sae, onClassicalTls: (connection) => told.push(connection) });
    await lenient.status('sae-b');
    await lenient.status('sae-b');
    expect(told.map(({ protocol, postQuantum }) => [protocol, postQuantum])).deep.equal([['TLSv1.2', false]]);
  });

  it('refuses faulty options, all at once, and files it cannot read', async () => {
    const faulty = { url: 'http://kme', tls: { cert: 'x', key: 1, ca: 'x' }, attempts: 0, colour: 'red' } as unknown as ClientOptions;
    expect(() => new EtsiQkd014Client(faulty)).throw(EtsiQkd014Error, /url.*tls\.key.*attempts.*colour/);
    expect(() => new EtsiQkd014Client({ url: 'https://kme', tls: { ...sae, cert: 'no PEM' } })).throw(EtsiQkd014Error, /certificate/);
    const error = await failure(EtsiQkd014Client.open({ url: 'https://kme', certificateFile: '/no/such.pem', privateKeyFile: '/no/such.key', caFile: '/no/ca' }));
    expect(error).deep.include({ code: 'BAD_OPTION', message: 'cannot read /no/such.pem' });
    const kmeA = await against(inTurn('cut'));
    expect(await code(kmeA.getKeyWithIds('sae-b', []))).equal('BAD_OPTION');
  });
});
