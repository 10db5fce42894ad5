/** Error verification: a polynomial hash of the reconciled key under a fresh public hash key, cut to 64 bits. */
import { VectorGhash } from './vector-ghash.js';

/** Bits that the hash tells about the key; booked as leakage. */
export const VERIFICATION_BITS = 64;
/** Bytes of the hash key. */
export const HASH_KEY_BYTES = 16;

/** The hash of a key. Two different keys of n bits agree with probability at most (n/128 + 1) · 2⁻⁶⁴. */
export const verificationHash = (hashKey: Uint8Array, key: Uint8Array): Uint8Array =>
  new VectorGhash(hashKey).update(key).digest().subarray(0, VERIFICATION_BITS / 8);
