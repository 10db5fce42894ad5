/** Randomness as an argument: the system's for key servers, a keystream from a seed for studies. */
import { createCipheriv, randomFillSync } from 'node:crypto';

/** Fills bytes with uniform randomness. */
export type FillRandom = (bytes: Uint8Array) => void;

/** The system's generator. */
export const systemRandom: FillRandom = (bytes) => {
  randomFillSync(bytes);
};

const POOL_BYTES = 65_536;
const ZEROS = new Uint8Array(POOL_BYTES);

/**
 * The AES-256-CTR keystream of a seed: fast, and the same on every machine.
 * @param seed 32 bytes
 */
export const seededRandom = (seed: Uint8Array): FillRandom => {
  const cipher = createCipheriv('aes-256-ctr', seed, new Uint8Array(16));
  return (bytes) => {
    for (let at = 0; at < bytes.length; at += ZEROS.length) bytes.set(cipher.update(ZEROS.subarray(0, bytes.length - at)), at);
  };
};

const WORDS = POOL_BYTES / 4;

/** Numbers drawn from a source of random bytes, 64 KiB at a time. */
export class RandomNumbers {
  readonly #words = new Uint32Array(WORDS);
  readonly #fill: FillRandom;
  #next = WORDS;

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /** 32 fair bits. */
  word(): number {
    if (this.#next === WORDS) this.#refill();
    return this.#words[this.#next++] ?? 0;
  }

  /** A uniform number in (0, 1) with 53 bits: 32 bits would distort double clicks and vacuum pulses. */
  uniform(): number {
    const high = this.word() >>> 5;
    return (high * 67_108_864 + (this.word() >>> 6) + 0.5) / 9_007_199_254_740_992;
  }

  /** One fair bit. */
  bit(): 0 | 1 {
    return this.uniform() < 0.5 ? 0 : 1;
  }

  #refill(): void {
    this.#fill(new Uint8Array(this.#words.buffer));
    this.#next = 0;
  }
}

/** Fresh random bytes of a source. */
export const randomBytesOf = (fill: FillRandom, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  fill(bytes);
  return bytes;
};
