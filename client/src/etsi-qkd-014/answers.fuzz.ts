/** Fuzz targets: answers of a key management entity (ETSI GS QKD 014, clause 6), good ones and refusals. */
import { parseAnswer, readContainer, refusal } from './answers.js';
import { EtsiQkd014Error } from './error.js';
import { PRESCRIBED, statusSchema } from './messages.js';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const answer = (input: Uint8Array, status: number) => ({ status, headers: {}, body: Buffer.from(input) });
const isRefusal = (error: unknown): boolean => error instanceof EtsiQkd014Error;

const status = {
  source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256, stored_key_count: 100, max_key_count: 1000, max_key_per_request: 10,
  max_key_size: 4096, min_key_size: 8, max_SAE_ID_count: 0, status_extension: { epione_state: 'running' },
};
const container = {
  keys: [{ key_ID: 'bc490419-7d60-487f-adc1-4ddcc177c139', key: Buffer.alloc(32, 7).toString('base64') }, { key_ID: '0a782fb5-3434-48fe-aa4d-14f41d46cf92', key: Buffer.alloc(32, 9).toString('base64'), key_extension: { a: 1 } }],
  key_container_extension: { b: [2] },
};

export const targets = [
  { name: 'ETSI 014 answer: status', weight: 15, changed: 'readable', samples: () => [encode(status)], isRefusal, read: (input: Uint8Array) => parseAnswer(answer(input, 200), 'status', statusSchema) },
  {
    name: 'ETSI 014 answer: key container', weight: 15, changed: 'readable', samples: () => [encode(container)], isRefusal,
    read: (input: Uint8Array) => {
      using keys = readContainer(answer(input, 200), 'enc_keys');
      if (keys.keys.some(({ bytes }) => bytes.length === 0)) throw new RangeError('a key without bytes is delivered');
      return keys.keys.length;
    },
  },
  {
    name: 'ETSI 014 answer: error', weight: 10, changed: 'readable', isRefusal,
    samples: () => [encode({ message: PRESCRIBED.notFound, details: [{ key_ID: 'x' }] }), encode({ message: 'no' })],
    read: (input: Uint8Array) => [400, 401, 404, 503, 418].map((code) => refusal(answer(input, code), 'dec_keys', 0).code),
  },
];
