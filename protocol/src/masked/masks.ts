/** Masks of masked mode: words expanded from a seed, added to a vector and taken away again (PROTOCOL section 8, "Expansion", "Sign"). */
import { createCipheriv } from 'node:crypto';

import { CodedError } from '../error.js';
import type { FixedPoint } from '../fixed-point.js';

/** A seed of 32 bytes, used once, or the words themselves; and whether they are added or taken away. */
export type Mask = ({ readonly seed: Uint8Array } | { readonly words: Uint8Array }) & { readonly sign: 1 | -1 };

const counter = new Uint8Array(16);
/** Expanded this much at a time: small enough for the processor's cache, large enough that a call costs little. */
const zeros = new Uint8Array(32 * 1024);

/** Adds (or takes away) words modulo 2^64. The engine computes `asUintN(64, …)` of one sum in a machine word, so no BigInt is ever made. */
function add64(words: DataView, at: number, stream: DataView, length: number, sign: Mask['sign']): void {
  if (sign === 1) for (let k = 0; k < length; k += 8) words.setBigUint64(at + k, BigInt.asUintN(64, words.getBigUint64(at + k, true) + stream.getBigUint64(k, true)), true);
  else for (let k = 0; k < length; k += 8) words.setBigUint64(at + k, BigInt.asUintN(64, words.getBigUint64(at + k, true) - stream.getBigUint64(k, true)), true);
}

function add32(words: DataView, at: number, stream: DataView, length: number, sign: Mask['sign']): void {
  for (let k = 0; k < length; k += 4) words.setUint32(at + k, words.getUint32(at + k, true) + sign * stream.getUint32(k, true), true);
}

/**
 * Adds masks to a vector, modulo 2^m word by word: G(seed) is the AES-256-CTR keystream from counter zero.
 * @param vector words of m bits, little-endian; left as it is.
 * @returns a new vector of the same length.
 * @throws CodedError BAD_KEY for a seed that has not 32 bytes or words of another length than the vector; BAD_ENCODING for a vector that is not whole words.
 */
export function applyMasks(vector: Uint8Array, bits: FixedPoint['bits'], masks: readonly Mask[]): Uint8Array {
  if (vector.length % (bits / 8) !== 0) throw new CodedError('BAD_ENCODING', `a vector of ${vector.length} bytes is not made of words of ${bits} bits`);
  if (masks.some((mask) => ('seed' in mask ? mask.seed.length !== 32 : mask.words.length !== vector.length))) throw new CodedError('BAD_KEY', 'a mask is expanded from 32 bytes, or as long as the vector');
  const masked = vector.slice();
  const words = new DataView(masked.buffer);
  const add = (at: number, stream: Uint8Array, sign: Mask['sign']): void => {
    (bits === 64 ? add64 : add32)(words, at, new DataView(stream.buffer, stream.byteOffset, stream.length), stream.length, sign);
  };
  for (const mask of masks) {
    if ('words' in mask) {
      add(0, mask.words, mask.sign);
      continue;
    }
    const cipher = createCipheriv('aes-256-ctr', mask.seed, counter);
    for (let at = 0; at < masked.length; at += zeros.length) add(at, cipher.update(zeros.subarray(0, Math.min(zeros.length, masked.length - at))), mask.sign);
  }
  return masked;
}
