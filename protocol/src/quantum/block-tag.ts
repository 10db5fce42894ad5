/**
 * What one organization tells another about the blocks it holds: their header hashes, under a one-time tag by a QKD key that only
 * the two share (decision 0020). It rests on no signature of the ledger.
 */
import { z } from 'zod';
import { frame, fromBase64Url, fromHex, toBase64Url } from '../encoding/digest.js';
import { base64url, hex32, keyId, parse, saeId } from '../encoding/fields.js';
import { isTagOf, oneTimeTag } from './one-time-tag.js';
import type { OneTimeKey } from './quantum-signature.js';

/** Most blocks that one message tells. */
export const BLOCKS_A_TAG = 4096;

const blockTag = z.strictObject({
  version: z.literal(1),
  channel: z.string().min(1).max(256),
  /** SAE IDs: who tells, and whom. */
  from: saeId,
  to: saeId,
  /** 0, 1, 2, …: a message that is missing shows. */
  sequence: z.int().min(0),
  /** Number of the first block. */
  first: z.int().min(0),
  /** SHA-256 of the headers, from the first block on. */
  hashes: z.array(hex32).min(1).max(BLOCKS_A_TAG),
  /** key_ID of a key that `from` took for this message, as master of `to`. */
  key: keyId,
  tag: base64url.length(22, 'base64url of 16 bytes'),
});

/** A message about consecutive blocks. */
export type BlockTag = z.output<typeof blockTag>;

/** Reads a message from outside. @throws CodedError BAD_FIELD with all faults. */
export const readBlockTag = (value: unknown): BlockTag => parse(blockTag, value, 'block tag');

const told = ({ channel, from, to, sequence, first, hashes, key }: Omit<BlockTag, 'tag' | 'version'>): Uint8Array =>
  frame('epione/v1/block-tag', channel, from, to, sequence, first, key, ...hashes.map(fromHex));

/** Tags what is told. The key is used up. @param key 32 bytes. @throws CodedError BAD_KEY as `oneTimeTag`. */
export function tagBlocks(blocks: Omit<BlockTag, 'tag' | 'version' | 'key'>, key: OneTimeKey): BlockTag {
  const untagged = { ...blocks, key: key.id };
  return { version: 1, ...untagged, tag: toBase64Url(oneTimeTag(key.bytes, told(untagged))) };
}

/** Whether a message was tagged under this key. @param key 32 bytes. @throws CodedError BAD_KEY as `oneTimeTag`. */
export const isGenuineBlockTag = (message: BlockTag, key: Uint8Array): boolean => isTagOf(fromBase64Url(message.tag), key, told(message));
