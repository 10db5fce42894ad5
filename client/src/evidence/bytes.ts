/** Compares byte strings. */

/** True when both hold the same bytes. Not in constant time: nothing here is secret. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
