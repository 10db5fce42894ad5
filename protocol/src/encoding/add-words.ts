/** Sums of words modulo 2^m: of updates, and of updates and masks (PROTOCOL sections 7 and 8). */

/** Modulo 2^64. The engine computes `asUintN(64, …)` of one sum in a machine word, so no BigInt is ever made. */
function add64(words: DataView, at: number, others: DataView, sign: 1 | -1): void {
  const length = others.byteLength;
  if (sign === 1) for (let k = 0; k < length; k += 8) words.setBigUint64(at + k, BigInt.asUintN(64, words.getBigUint64(at + k, true) + others.getBigUint64(k, true)), true);
  else for (let k = 0; k < length; k += 8) words.setBigUint64(at + k, BigInt.asUintN(64, words.getBigUint64(at + k, true) - others.getBigUint64(k, true)), true);
}

function add32(words: DataView, at: number, others: DataView, sign: 1 | -1): void {
  for (let k = 0; k < others.byteLength; k += 4) words.setUint32(at + k, words.getUint32(at + k, true) + sign * others.getUint32(k, true), true);
}

/**
 * Adds words to those of a vector, or takes them away.
 * @param words of `bits` bits, little-endian; changed.
 * @param at byte of the first word that is changed.
 * @param others whole words, no more than there are from `at` on.
 * @throws RangeError for others of another length.
 */
export function addWords(words: Uint8Array, at: number, others: Uint8Array, bits: 32 | 64, sign: 1 | -1): void {
  const [into, from] = [words, others].map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as [DataView, DataView];
  (bits === 64 ? add64 : add32)(into, at, from, sign);
}
