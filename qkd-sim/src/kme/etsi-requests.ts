/** Requests of ETSI GS QKD 014 V1.1.1, parsed: sections 5.3, 5.4, 6.2 and 6.4. Unknown members are ignored. */
import { z } from 'zod';
import type { Demand } from '../store/pools.js';
import { readExtensions, stricter } from './etsi-extensions.js';
import { type Fault, MESSAGES, faultsIn } from './etsi-messages.js';
import { KEY_BITS, type Limits, MIN_KEY_BITS } from './limits.js';

/** A request for keys. */
export interface KeyRequest {
  readonly count: number;
  readonly bytes: number;
  readonly additionalSlaves: readonly string[];
  /** What the keys must meet, and what they should meet as well. */
  readonly required: Demand;
  readonly wished: Demand;
  /** Whether every optional extension is known here. */
  readonly wishesKnown: boolean;
}

/** A request that was read, or all that is wrong with it. */
export type Parsed<T> = { readonly value: T; readonly faults?: undefined } | { readonly value?: undefined; readonly faults: readonly Fault[] };

const extensions = z.array(z.record(z.string(), z.unknown()));

/** The body of "Get key", section 6.2. */
export const keyRequestBody = z.object({
  number: z.int().optional().meta({ description: 'Keys wanted; 1 unless given.' }),
  size: z.int().optional().meta({ description: 'Bits of each key, a multiple of 8; key_size of the status unless given.' }),
  additional_slave_SAE_IDs: z.array(z.string()).optional().meta({ description: 'SAEs that may have the keys besides the one in the path, each once.' }),
  extension_mandatory: extensions.optional().meta({ description: 'What the keys must meet: epione_max_epsilon, epione_max_age_s. Any other name is refused.' }),
  extension_optional: extensions.optional().meta({ description: 'What the keys should meet; the same names. What is not met or not known is told with the keys.' }),
});

/** The body of "Get key with key IDs", section 6.4. */
export const keyIdsBody = z.object({
  key_IDs: z.array(z.object({ key_ID: z.guid().toLowerCase(), key_ID_extension: z.record(z.string(), z.unknown()).optional() })).min(1),
  key_IDs_extension: z.record(z.string(), z.unknown()).optional(),
});

/** The one value of a parameter; several are left for the schema to refuse. */
const queryValue = (query: URLSearchParams, name: string): unknown => {
  const values = query.getAll(name);
  const [value] = values;
  if (values.length !== 1 || value === undefined) return values.length === 0 ? undefined : values;
  return name !== 'key_ID' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
};

/** The body that a GET stands for. */
const keyRequestOf = (query: URLSearchParams): Record<string, unknown> => ({ number: queryValue(query, 'number'), size: queryValue(query, 'size') });

/**
 * Parses "Get key".
 * @param nowMs ms since 1970
 * @returns the request, or all its faults
 */
export const parseKeyRequest = (method: string, query: URLSearchParams, body: unknown, limits: Limits, nowMs: number): Parsed<KeyRequest> => {
  const parsed = keyRequestBody.safeParse(method === 'GET' ? keyRequestOf(query) : (body ?? {}));
  if (!parsed.success) return { faults: faultsIn(parsed.error) };
  const { number = 1, size = KEY_BITS, additional_slave_SAE_IDs: additionalSlaves = [], extension_mandatory: mandatory = [], extension_optional: optional = [] } = parsed.data;
  const required = readExtensions('extension_mandatory', mandatory, nowMs);
  const wished = readExtensions('extension_optional', optional, nowMs);
  const faults: Fault[] = [...required.faults, ...wished.faults];
  const check = (good: boolean, name: string, message: string): void => { if (!good) faults.push({ name, message }); };
  check(required.complete, 'extension_mandatory', MESSAGES.mandatoryUnknown);
  check(size % 8 === 0, 'size', MESSAGES.size);
  check(size >= MIN_KEY_BITS && size <= limits.maxKeyBits, 'size', `must be ${MIN_KEY_BITS} to ${limits.maxKeyBits}`);
  check(number >= 1 && number <= limits.maxKeysPerRequest, 'number', `must be 1 to ${limits.maxKeysPerRequest}`);
  check(additionalSlaves.length <= limits.maxAdditionalSaeIds, 'additional_slave_SAE_IDs', `must be at most ${limits.maxAdditionalSaeIds}`);
  check(additionalSlaves.every((id) => id.trim() !== ''), 'additional_slave_SAE_IDs', 'must not be blank');
  check(new Set(additionalSlaves).size === additionalSlaves.length, 'additional_slave_SAE_IDs', 'must not name an SAE twice');
  if (faults.length > 0) return { faults };
  const demands = { required: required.demand, wished: optional.length === 0 ? required.demand : stricter(required.demand, wished.demand), wishesKnown: wished.complete };
  return { value: { count: number, bytes: size / 8, additionalSlaves, ...demands } };
};

/** Parses "Get key with key IDs". @returns the key_IDs in lower case, or all faults */
export const parseKeyIds = (method: string, query: URLSearchParams, body: unknown, limits: Limits): Parsed<readonly string[]> => {
  const parsed = keyIdsBody.safeParse(method === 'GET' ? { key_IDs: [{ key_ID: queryValue(query, 'key_ID') }] } : body);
  if (!parsed.success) return { faults: faultsIn(parsed.error) };
  const ids = parsed.data.key_IDs.map(({ key_ID: id }) => id);
  if (ids.length > limits.maxKeysPerRequest) return { faults: [{ name: 'key_IDs', message: `must be at most ${limits.maxKeysPerRequest}` }] };
  return new Set(ids).size === ids.length ? { value: ids } : { faults: [{ name: 'key_IDs', message: 'must not name a key twice' }] };
};
