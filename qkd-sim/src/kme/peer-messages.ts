/** What key servers say to each other: they compare blocks and marks of their pools, and reserve keys before giving them out. */
import { z } from 'zod';

/** Where one key server answers another. */
export const PEER_PATH = '/peer/v1/';
/** Where key servers pass keys on, in the manner of ETSI GS QKD 020. */
export const KMAPI_PATH = '/kmapi/v1/';

/** Keys that are reserved in one request. */
export const MAX_RESERVATIONS = 1000;

const index = z.int().nonnegative();

export const matchRequest = z.strictObject({
  link: z.string(),
  blocks: z
    .array(z.strictObject({ number: index, bytes: index, aliceBytes: index, confirmation: z.hex().length(32) }))
    .max(1000),
});

export const markRequest = z.strictObject({
  link: z.string(),
  mark: z.strictObject({ block: index, used: index }).optional(),
  /** Bytes that the pool of the caller should hold. */
  wantedBytes: index.max(1 << 20),
});

export const reserveRequest = z.strictObject({
  link: z.string(),
  keys: z
    .array(z.strictObject({
      keyId: z.uuid().toLowerCase(), block: index, start: index, bytes: index, epsilon: z.number(), master: z.string(), slaves: z.array(z.string()).min(1),
      /** Hex: the key under the one-time pad that is at this place. */
      masked: z.hex().optional(),
    }))
    .min(1)
    .max(MAX_RESERVATIONS),
});
