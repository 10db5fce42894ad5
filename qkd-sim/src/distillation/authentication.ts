/**
 * Wegman–Carter authentication of the classical channel: the tag of a direction is GHASH under a key of its own of
 * everything sent that way in a block, XOR a one-time pad. Each block takes fresh keys, so that a pad used up by a
 * failed block is lost and nothing wears out. A forger succeeds with probability at most (L/128 + 1) · 2^−128.
 */
import { timingSafeEqual } from 'node:crypto';
import { VectorGhash } from './vector-ghash.js';

/** Bytes of secret that one attempt at a block takes: hash key and pad for each direction. */
export const ATTEMPT_BYTES = 64;
export const TAG_BYTES = 16;

/** A message as it went over the channel. */
export interface SentMessage {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The secret of one direction in one block. */
export interface TagKey {
  readonly hashKey: Uint8Array;
  readonly pad: Uint8Array;
}

/** Cuts an attempt's secret into the keys of the two directions. */
export const tagKeys = (secret: Uint8Array): { aliceToBob: TagKey; bobToAlice: TagKey } => {
  const part = (index: number): Uint8Array => secret.subarray(index * TAG_BYTES, (index + 1) * TAG_BYTES);
  return { aliceToBob: { hashKey: part(0), pad: part(1) }, bobToAlice: { hashKey: part(2), pad: part(3) } };
};

/** XOR of two strings of the same length. */
export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const sum = new Uint8Array(a);
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (b[i] ?? 0);
  return sum;
};

/** The tag of a direction: each message as a block of type and length, then its payload filled up to whole blocks. */
export const authenticationTag = ({ hashKey, pad }: TagKey, messages: readonly SentMessage[]): Uint8Array => {
  const hash = new VectorGhash(hashKey);
  for (const { type, payload } of messages) {
    const header = new Uint8Array(16);
    const view = new DataView(header.buffer);
    view.setUint32(0, type);
    view.setUint32(4, payload.length);
    hash.update(header).update(payload);
  }
  return xor(hash.digest(), pad);
};

/** Compares two tags in constant time. */
export const sameTag = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
