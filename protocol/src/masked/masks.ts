/** Masks of masked mode: words expanded from a seed, added to a vector and taken away again (PROTOCOL section 8, "Expansion", "Sign"). */
import { createCipheriv } from 'node:crypto';

import { addWords } from '../encoding/add-words.js';
import { CodedError } from '../error.js';
import type { FixedPoint } from '../fixed-point.js';

/** A seed of 32 bytes, used once, or the words themselves; and whether they are added or taken away. */
export type Mask = ({ readonly seed: Uint8Array } | { readonly words: Uint8Array }) & { readonly sign: 1 | -1 };

const counter = new Uint8Array(16);
/** Expanded this much at a time: small enough for the processor's cache, large enough that a call costs little. */
const zeros = new Uint8Array(32 * 1024);

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
  for (const mask of masks) {
    if ('words' in mask) {
      addWords(masked, 0, mask.words, bits, mask.sign);
      continue;
    }
    const cipher = createCipheriv('aes-256-ctr', mask.seed, counter);
    for (let at = 0; at < masked.length; at += zeros.length) addWords(masked, at, cipher.update(zeros.subarray(0, masked.length - at)), bits, mask.sign);
  }
  return masked;
}
