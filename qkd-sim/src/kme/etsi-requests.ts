/** Requests of ETSI GS QKD 014 V1.1.1, parsed: sections 5.3, 5.4, 6.2 and 6.4. Unknown members are ignored. */
import { z } from 'zod';

/** Sizes and counts of this key server. Bits unless the name says otherwise. */
export const LIMITS = { keySize: 256, minKeySize: 64, maxKeySize: 8192, maxKeysPerRequest: 128 } as const;

/** A request for keys; `slaves` are additional ones. */
export interface KeyRequest {
  readonly count: number;
  readonly bytes: number;
}

/** The messages that the standard prescribes with status 400. */
export const MESSAGES = {
  size: 'size shall be a multiple of 8',
  extension: 'not all extension_mandatory parameters are supported',
  notFound: 'one or more keys specified are not found on KME',
} as const;

const extensions = z.array(z.record(z.string(), z.unknown()));
const keyRequest = z.object({
  number: z.int().optional(),
  size: z.int().optional(),
  additional_slave_SAE_IDs: z.array(z.string()).optional(),
  extension_mandatory: extensions.optional(),
  extension_optional: extensions.optional(),
});
const keyIds = z.object({
  key_IDs: z.array(z.object({ key_ID: z.guid().toLowerCase() })).min(1).max(LIMITS.maxKeysPerRequest),
});

/** The faults of a document in one sentence. */
const sentence = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');

/** Query values that look like integers become so; others are left for the schema to refuse. */
const queryValue = (text: string): unknown => (/^-?\d{1,9}$/.test(text) ? Number(text) : text);

/** The body that a GET stands for. */
const fromQuery = (query: URLSearchParams, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.flatMap((name) => { const text = query.get(name); return text === null ? [] : [[name, queryValue(text)]]; }));

/** Parses "Get key". @returns the request, or the message of a 400 */
export const parseKeyRequest = (method: string, query: URLSearchParams, body: unknown): KeyRequest | string => {
  const parsed = keyRequest.safeParse(method === 'GET' ? fromQuery(query, ['number', 'size']) : (body ?? {}));
  if (!parsed.success) return sentence(parsed.error);
  const { number = 1, size = LIMITS.keySize, additional_slave_SAE_IDs: additional, extension_mandatory: mandatory } = parsed.data;
  if (mandatory !== undefined && mandatory.length > 0) return MESSAGES.extension;
  if (additional !== undefined && additional.length > 0) return 'additional_slave_SAE_IDs are not supported: max_SAE_ID_count is 0';
  if (size % 8 !== 0) return MESSAGES.size;
  if (size < LIMITS.minKeySize || size > LIMITS.maxKeySize) return `size shall be ${LIMITS.minKeySize} to ${LIMITS.maxKeySize}`;
  if (number < 1 || number > LIMITS.maxKeysPerRequest) return `number shall be 1 to ${LIMITS.maxKeysPerRequest}`;
  return { count: number, bytes: size / 8 };
};

/** Parses "Get key with key IDs". @returns the key_IDs in lower case, or the message of a 400 */
export const parseKeyIds = (method: string, query: URLSearchParams, body: unknown): readonly string[] | string => {
  const parsed = keyIds.safeParse(method === 'GET' ? { key_IDs: [{ key_ID: query.get('key_ID') }] } : body);
  if (!parsed.success) return sentence(parsed.error);
  const ids = parsed.data.key_IDs.map(({ key_ID: id }) => id);
  return new Set(ids).size === ids.length ? ids : 'a key_ID appears twice';
};
