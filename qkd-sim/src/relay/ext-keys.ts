/**
 * What key servers say to each other to pass keys on, in the manner of ETSI GS QKD 020 (`ext_keys`, later acknowledged
 * at the caller's own URL). Their keys travel under a one-time pad, which `extension_mandatory` describes: a server that
 * does not know it refuses.
 */
import { z } from 'zod';
import { MAX_KEYS_PER_REQUEST } from '../kme/limits.js';

const id = z.string().min(1).max(256);

/** How keys came and where they go. */
const relay = z.strictObject({
  /** Key servers from the origin to the target, both included. */
  path: z.array(id).min(2).max(32),
  /** Which of several paths this is: the key is the XOR of what comes by all. */
  part: z.int().min(0).max(15),
  parts: z.int().min(1).max(16),
  /** The probability that what goes this way is not secret, over all links so far. */
  epsilon: z.number().min(0).max(1),
  /** The link key of this hop. */
  pad_key_ID: z.guid().toLowerCase(),
  tag: z.hex().length(32),
});
export type Relay = z.output<typeof relay>;

/** The name of our extension. */
export const EXTENSION = 'epione_relay';

export const extKeys = z.object({
  keys: z.array(z.object({ key_ID: z.guid().toLowerCase(), key: z.base64() })).min(1).max(MAX_KEYS_PER_REQUEST),
  initiator_sae_id: id,
  target_sae_ids: z.array(id).min(1).max(64),
  ack_callback_url: z.url({ protocol: /^https$/ }),
  extension_mandatory: z.array(z.record(z.string(), z.unknown())).min(1),
  extension_optional: z.array(z.record(z.string(), z.unknown())).optional(),
});
export type ExtKeys = z.output<typeof extKeys>;

export const acknowledgement = z.object({
  ack_status: z.enum(['relayed', 'failed']),
  initiator_sae_id: id,
  target_sae_ids: z.array(id),
  key_ids: z.array(z.guid().toLowerCase()),
  message: z.string().optional(),
  /** The probability that what went this way is not secret, over all its links. */
  epione_epsilon: z.number().min(0).max(1).optional(),
});
export type Acknowledgement = z.output<typeof acknowledgement>;

/** Our extension among the mandatory ones; undefined when it is missing, or is not alone: others are not supported. */
export const relayOf = ({ extension_mandatory: mandatory }: ExtKeys): Relay | undefined => {
  const [only, ...rest] = mandatory;
  if (rest.length > 0 || Object.keys(only ?? {}).join() !== EXTENSION) return undefined;
  const parsed = relay.safeParse(only?.[EXTENSION]);
  return parsed.success ? parsed.data : undefined;
};

/** What the tag of a hop covers beside the keys themselves. */
export const aboutOf = (keyIds: readonly string[], initiator: string, targets: readonly string[], { path, part, parts, epsilon }: Omit<Relay, 'tag' | 'pad_key_ID'>): Uint8Array =>
  Buffer.from(JSON.stringify([keyIds, initiator, targets, path, part, parts, epsilon]));
