/** The description of the interface to applications, in OpenAPI 3.1: what is served and what docs/qkd-openapi.yaml says. */
import { z } from 'zod';
import { errorBody, keyContainer, statusBody } from './etsi-answers.js';
import { MESSAGES } from './etsi-messages.js';
import { keyIdsBody, keyRequestBody } from './etsi-requests.js';

/** The schemas that the description names. */
export const schemas = { Status: statusBody, KeyRequest: keyRequestBody, KeyContainer: keyContainer, KeyIDs: keyIdsBody, Error: errorBody } as const;

type Name = keyof typeof schemas;

const [one, two] = ['bc490419-7d60-487f-adc1-4ddcc177c139', '0a782fb5-3434-48fe-aa4d-14f41d46cf92'];
const key = { key_ID: one, key: 'wHHVxRwDJs3/bXd38GHP3oe4svTuRpZS0yCC7x4Ly+s=', key_extension: { epione_epsilon: 1.00001e-10 } };
const status = {
  source_KME_ID: 'kme-north', target_KME_ID: 'kme-south', master_SAE_ID: 'sae-north', slave_SAE_ID: 'sae-south', key_size: 256, stored_key_count: 1004,
  max_key_count: 4006, max_key_per_request: 128, max_key_size: 8192, min_key_size: 64, max_SAE_ID_count: 16,
  status_extension: {
    epione_link: 'north-south', epione_state: 'idle', epione_health: 'ok', epione_qber: 0.0249, epione_secret_key_rate_bps: 574_000,
    epione_running_epsilon: 2.00002e-10, epione_blocks: 2,
  },
};

const content = (name: Name, examples: Readonly<Record<string, object>>): object => ({
  'application/json': {
    schema: { $ref: `#/components/schemas/${name}` },
    examples: Object.fromEntries(Object.entries(examples).map(([title, value]) => [title, { value }])),
  },
});

const errors = (bad: Readonly<Record<string, object>>): object => ({
  400: { description: 'Bad request format, or keys that are not there. Several faults are told together.', content: content('Error', bad) },
  401: { description: 'The certificate names no SAE of this KME, or the caller was not named when the keys were made.', content: content('Error', { stranger: { message: 'the certificate names no SAE of this KME' } }) },
  503: {
    description: 'No keys now, or too many requests of this SAE.',
    headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
    content: content('Error', { aborted: { message: 'the link to kme-south is aborted: QBER 0.1462 is above 0.11' } }),
  },
});

const inPath = (name: string, description: string): object => ({ name, in: 'path', required: true, description, schema: { type: 'string' } });
const inQuery = (name: string, schema: object, required = false): object => ({ name, in: 'query', required, schema });
const keys = (more: object = {}): object => ({ description: 'The keys.', content: content('KeyContainer', { keys: { keys: [key], ...more } }) });

const getKeyErrors = errors({
  size: { message: MESSAGES.size },
  unknownExtension: { message: MESSAGES.mandatoryUnknown },
  several: { message: MESSAGES.size, details: [{ number: 'must be 1 to 128' }, { size: MESSAGES.size }] },
});
const notFound = errors({ notFound: { message: MESSAGES.notFound } });
const slave = inPath('slave_SAE_ID', 'The SAE that is to have the same keys.');
const master = inPath('master_SAE_ID', 'The SAE that got the keys first.');

/** The description, the same for every site. */
export const openApi = (): object => ({
  openapi: '3.1.0',
  info: {
    title: 'Key delivery of a qkd-sim site: ETSI GS QKD 014 V1.1.1',
    version: '1.1.1',
    description: 'Mutual TLS 1.3 with X25519MLKEM768. The caller is the SAE that its certificate names. Emulated: no physical security.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ clientCertificate: [] }],
  paths: {
    '/api/v1/keys/{slave_SAE_ID}/status': {
      get: {
        operationId: 'getStatus', summary: 'Get status (clause 5.2)', parameters: [slave],
        responses: { 200: { description: 'The status.', content: content('Status', { status }) }, ...errors({ unknown: { message: 'SAE_ID: no SAE "sae-x" is known to this KME' } }) },
      },
    },
    '/api/v1/keys/{slave_SAE_ID}/enc_keys': {
      get: {
        operationId: 'getKeySimple', summary: 'Get key (clause 5.3) without extensions', parameters: [slave, inQuery('number', { type: 'integer' }), inQuery('size', { type: 'integer' })],
        responses: { 200: keys(), ...getKeyErrors },
      },
      post: {
        operationId: 'getKey', summary: 'Get key (clause 5.3)', parameters: [slave],
        requestBody: {
          required: false,
          content: content('KeyRequest', {
            empty: {}, standard: { number: 3, size: 1024 }, multicast: { number: 1, additional_slave_SAE_IDs: ['sae-west'] },
            demands: { extension_mandatory: [{ epione_max_epsilon: 1e-9 }], extension_optional: [{ epione_max_age_s: 3600 }] },
          }),
        },
        responses: { 200: keys({ key_container_extension: { epione_notice: MESSAGES.optional } }), ...getKeyErrors },
      },
    },
    '/api/v1/keys/{master_SAE_ID}/dec_keys': {
      get: {
        operationId: 'getKeyWithIdSimple', summary: 'Get key with key IDs (clause 5.4), one', parameters: [master, inQuery('key_ID', { type: 'string', format: 'uuid' }, true)],
        responses: { 200: keys(), ...notFound },
      },
      post: {
        operationId: 'getKeyWithIds', summary: 'Get key with key IDs (clause 5.4)', parameters: [master],
        requestBody: { required: true, content: content('KeyIDs', { two: { key_IDs: [{ key_ID: one }, { key_ID: two }] } }) },
        responses: { 200: keys(), ...notFound },
      },
    },
    '/openapi.json': {
      get: { operationId: 'getDescription', summary: 'This description', responses: { 200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } } } },
    },
  },
  components: {
    securitySchemes: { clientCertificate: { type: 'mutualTLS' } },
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' })])),
  },
});
