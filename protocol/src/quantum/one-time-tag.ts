/**
 * Tags that no computing power forges: a polynomial over GF(2^128) at a secret point, under a one-time pad, both from a key that is
 * used once (Wegman and Carter 1981; decision 0020). It stays one where the forger may shift the key by a known difference. The
 * arithmetic is not constant in time, which a key that is used once allows.
 */
import { timingSafeEqual } from 'node:crypto';
import { concat, u64 } from '../encoding/digest.js';
import { CodedError } from '../error.js';

/** Bytes of a key: half is the point, half the pad. */
export const ONE_TIME_KEY_BYTES = 32;
/** Bytes of a tag, and of a coefficient. */
export const TAG_BYTES = 16;

const mask = (1n << 128n) - 1n;
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const bytesOf = (value: bigint): Uint8Array => new Uint8Array(Buffer.from(value.toString(16).padStart(2 * TAG_BYTES, '0'), 'hex'));

/** v·x in GF(2^128) by x^128 + x^7 + x^2 + x + 1 (the field of NIST SP 800-38D), bit i standing for x^i. */
const timesX = (v: bigint): bigint => ((v << 1n) & mask) ^ (v >> 127n === 1n ? 0x87n : 0n);

/** Multiplication by one element: its products with every value of every byte, from the lowest byte on. */
function times(element: bigint): (value: bigint) => bigint {
  let power = element;
  const tables = Array.from({ length: TAG_BYTES }, () => {
    const table = [0n];
    for (let bit = 0; bit < 8; bit++, power = timesX(power)) for (const entry of [...table]) table.push(entry ^ power);
    return table;
  });
  return (value) => {
    let [product, rest] = [0n, value];
    for (const table of tables) {
      product ^= table[Number(rest & 255n)] ?? 0n;
      rest >>= 8n;
    }
    return product;
  };
}

/** The message in blocks of 16 bytes, filled up with zeros to an even number of them, and its length: an odd number in all. */
const blocksOf = (message: Uint8Array): Uint8Array => concat(message, new Uint8Array(-message.length & 31), new Uint8Array(8), u64(message.length));

/** α^D + m₁α^(D−2) + … + mₙα for n blocks and D = n + 2, which is odd. */
function hash(point: bigint, message: Uint8Array): bigint {
  const timesPoint = times(point);
  const blocks = blocksOf(message);
  let sum = point;
  for (let at = 0; at < blocks.length; at += TAG_BYTES) sum = timesPoint(sum) ^ numberOf(blocks.subarray(at, at + TAG_BYTES));
  return timesPoint(sum);
}

/**
 * The tag of a message under a key that serves for nothing else: a second message under it gives both its halves away.
 * @param key 32 uniform bytes.
 * @returns 16 bytes.
 * @throws CodedError BAD_KEY for another length.
 */
export function oneTimeTag(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== ONE_TIME_KEY_BYTES) throw new CodedError('BAD_KEY', `a one-time key has ${ONE_TIME_KEY_BYTES} bytes, not ${key.length}`);
  return bytesOf(hash(numberOf(key.subarray(0, 16)), message) ^ numberOf(key.subarray(16)));
}

/** Whether a tag is the message's; compared in constant time. @throws CodedError as `oneTimeTag`. */
export const isTagOf = (tag: Uint8Array, key: Uint8Array, message: Uint8Array): boolean => tag.length === TAG_BYTES && timingSafeEqual(tag, oneTimeTag(key, message));

/**
 * The probability, at most, that whoever saw one tag makes another message pass, under the same key or one that differs from it by
 * a known string δ ≠ 0: what must be zero is a polynomial in the secret point, of degree D at most, that is none identically. With
 * one key the messages differ in a block; with two keys and one length (α + δ)^D leaves δα^(D−1), because D is odd and no block stands there.
 * @param messageBytes the length of the longer message.
 */
export const forgeryBound = (messageBytes: number): number => (2 * Math.ceil(messageBytes / 32) + 3) / 2 ** 128;
