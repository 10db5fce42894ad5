/** The data formats of ETSI GS QKD 014 V1.1.1, clause 6, as they are read: strictly, with members that the standard does not know kept. */
import { z } from 'zod';

const count = z.int().min(0);
const extension = z.record(z.string(), z.unknown());

/** Status, clause 6.1. Sizes in bits. */
export const statusSchema = z.looseObject({
  source_KME_ID: z.string(),
  target_KME_ID: z.string(),
  /** The caller. */
  master_SAE_ID: z.string(),
  slave_SAE_ID: z.string(),
  /** Size of a key when none is asked for. */
  key_size: count,
  stored_key_count: count,
  max_key_count: count,
  max_key_per_request: count,
  max_key_size: count,
  min_key_size: count,
  /** Most additional slave SAEs of one request; 0 where there is no multicast. */
  max_SAE_ID_count: count,
  status_extension: extension.optional(),
});
export type KmeStatus = z.infer<typeof statusSchema>;

/** Key container, clause 6.3. */
export const containerSchema = z.looseObject({
  keys: z.array(z.looseObject({
    key_ID: z.guid(),
    key_ID_extension: extension.optional(),
    key: z.base64().min(4),
    key_extension: extension.optional(),
  })).min(1),
  key_container_extension: extension.optional(),
});

/** Error, clause 6.5. */
export const errorSchema = z.looseObject({ message: z.string(), details: z.array(z.unknown()).optional() });

/** The messages that the standard prescribes with status 400. */
export const PRESCRIBED = {
  size: 'size shall be a multiple of 8',
  unsupported: 'not all extension_mandatory parameters are supported',
  unmet: 'not all extension_mandatory request options could be met',
  unhandled: 'not all extension_optional request options handled',
  notFound: 'one or more keys specified are not found on KME',
} as const;

/** JSON of an answer; undefined where it is none. */
export function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
