/** Fuzz targets: what applications and other key servers ask of a key server, body, query and path. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { ZodError } from 'zod';
import { padBytes, cover, uncover } from '../relay/hop-cover.js';
import { EXTENSION, aboutOf, acknowledgement, extKeys, relayOf } from '../relay/ext-keys.js';
import { parseKeyIds, parseKeyRequest } from './etsi-requests.js';
import { BadBody, readBody } from './http.js';
import { limitsConfig } from './limits.js';
import { markRequest, matchRequest, reserveRequest } from './peer-messages.js';
import { routeOf } from './router.js';

const limits = limitsConfig.parse(undefined);
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + at) & 255);
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const text = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

/** A body as it comes, in one piece. */
async function body(input: Uint8Array): Promise<unknown> {
  const request = new IncomingMessage(new Socket());
  request.push(input);
  request.push(null);
  return readBody(request, limits.maxBodyBytes);
}

/** What the key server answers with status 400. */
const isRefusal = (error: unknown): boolean => error instanceof BadBody || error instanceof ZodError;

/** The value of what was parsed; faults are refused. */
function valueOf<T>({ value, faults }: { readonly value?: T; readonly faults?: unknown }): T {
  if (value === undefined) throw new BadBody(JSON.stringify(faults));
  return value;
}

const ids = ['bc490419-7d60-487f-adc1-4ddcc177c139', '0a782fb5-3434-48fe-aa4d-14f41d46cf92'];

const [keys, pad] = [bytes(1, 64), bytes(77, padBytes(64))];
const way = { path: ['kme-a', 'kme-b', 'kme-c'], part: 0, parts: 2, epsilon: 1e-10 };
const about = aboutOf(ids, 'sae-a', ['sae-c'], way);
const covered = cover(pad, keys, about);
const hop = {
  keys: ids.map((id, at) => ({ key_ID: id, key: Buffer.from(covered.ciphertext.subarray(32 * at, 32 * at + 32)).toString('base64') })),
  initiator_sae_id: 'sae-a', target_sae_ids: ['sae-c'], ack_callback_url: 'https://localhost:9000/kmapi/v1/ack/x',
  extension_mandatory: [{ [EXTENSION]: { ...way, pad_key_ID: ids[0], tag: Buffer.from(covered.tag).toString('hex') } }],
};

/** Keys of a hop: whatever comes, they are those that were covered, said of the same parties and path. */
async function readHop(input: Uint8Array): Promise<string> {
  const request = extKeys.parse(await body(input));
  const relay = relayOf(request);
  // The store has no other pad.
  if (relay === undefined || relay.pad_key_ID !== ids[0]) throw new BadBody('not under this pad');
  const said = aboutOf(request.keys.map(({ key_ID: id }) => id), request.initiator_sae_id, request.target_sae_ids, relay);
  const ciphertext = Buffer.concat(request.keys.map(({ key }) => Buffer.from(key, 'base64')));
  const bare = uncover(pad, { ciphertext, tag: Buffer.from(relay.tag, 'hex') }, said);
  if (bare === undefined) throw new BadBody('the tag is wrong');
  if (Buffer.compare(bare, keys) !== 0 || Buffer.compare(said, about) !== 0) throw new RangeError('false accept: other keys, or other words about them');
  return relay.tag;
}

export const targets = [
  { name: 'ETSI 014 request: get key', weight: 8, changed: 'readable', samples: () => [encode({ number: 2, size: 256 }), encode({ number: 3, size: 512, additional_slave_SAE_IDs: ['c'], extension_mandatory: [{ epione_max_age_s: 60 }], extension_optional: [{ epione_max_epsilon: 1e-9 }] })], isRefusal, read: async (input: Uint8Array) => valueOf(parseKeyRequest('POST', new URLSearchParams(), await body(input), limits, 0)) },
  { name: 'ETSI 014 request: get key with IDs', weight: 8, changed: 'readable', samples: () => [encode({ key_IDs: ids.map((id) => ({ key_ID: id })) })], isRefusal, read: async (input: Uint8Array) => valueOf(parseKeyIds('POST', new URLSearchParams(), await body(input), limits)) },
  {
    name: 'ETSI 014 request: query', weight: 10, changed: 'readable', samples: () => ['number=3&size=256', `key_ID=${ids[0] ?? ''}`].map((query) => new TextEncoder().encode(query)), isRefusal,
    read: (input: Uint8Array) => {
      const query = new URLSearchParams(text(input));
      return query.has('key_ID') ? valueOf(parseKeyIds('GET', query, undefined, limits)) : valueOf(parseKeyRequest('GET', query, undefined, limits, 0));
    },
  },
  {
    name: 'key server, method and path', weight: 10, changed: 'readable', isRefusal,
    samples: () => ['GET /api/v1/keys/sae%2Db/status', 'POST /api/v1/keys/sae-b/enc_keys', 'POST /peer/v1/match', 'POST /kmapi/v1/ack/7', 'GET /key/00112233445566778899aabbccddeeff?remoteSystemID=x', 'GET /openapi.json'].map((line) => new TextEncoder().encode(line)),
    read: (input: Uint8Array) => {
      const [method = '', ...target] = text(input).split(' ');
      const route = routeOf(method, URL.parse(target.join(' '), 'https://kme')?.pathname ?? '', true);
      if ('status' in route) throw new BadBody(String(route.status));
      return route.to;
    },
  },
  { name: 'key servers: match', weight: 6, changed: 'readable', samples: () => [encode({ link: 'a-b', blocks: [{ number: 1, bytes: 3000, aliceBytes: 1500, confirmation: '0'.repeat(32) }] })], isRefusal, read: async (input: Uint8Array) => matchRequest.parse(await body(input)) },
  { name: 'key servers: mark', weight: 6, changed: 'readable', samples: () => [encode({ link: 'a-b', mark: { block: 1, used: 64 }, wantedBytes: 8192 })], isRefusal, read: async (input: Uint8Array) => markRequest.parse(await body(input)) },
  { name: 'key servers: reserve', weight: 6, changed: 'readable', samples: () => [encode({ link: 'a-b', keys: [{ keyId: ids[0], block: 1, start: 0, bytes: 32, epsilon: 1e-10, master: 'sae-a', slaves: ['sae-b'], masked: '00ff' }] })], isRefusal, read: async (input: Uint8Array) => reserveRequest.parse(await body(input)) },
  { name: 'key servers: relayed keys', weight: 8, changed: 'readable', samples: () => [encode(hop)], isRefusal, read: readHop },
  { name: 'key servers: acknowledgement', weight: 5, changed: 'readable', samples: () => [encode({ ack_status: 'relayed', initiator_sae_id: 'sae-a', target_sae_ids: ['sae-c'], key_ids: ids, epione_epsilon: 1e-10 })], isRefusal, read: async (input: Uint8Array) => acknowledgement.parse(await body(input)) },
];
