/** Exact draws from random bytes: no float takes part, so that no rounding can tell one outcome from another (Mironov 2012). */
import type { RandomBytes } from '../keys/seed-lock.js';

/** Integers and events with exactly the stated probability. */
export class RandomBits {
  readonly #bytes: RandomBytes;
  #pool = Buffer.alloc(0);
  #at = 0;

  /** @param bytes nobody can foresee: `randomBytes` of node:crypto in a site, a seeded stream only in tests and replays. */
  constructor(bytes: RandomBytes) {
    this.#bytes = bytes;
  }

  #take(length: number): number {
    if (this.#at + length > this.#pool.length) {
      this.#pool = Buffer.from(this.#bytes(8192));
      this.#at = 0;
    }
    this.#at += length;
    return this.#pool.readUIntLE(this.#at - length, length);
  }

  /** Uniform in [0, bound), by rejection. @param bound 1 to 2^48. @throws RangeError. */
  below(bound: number): number {
    if (!(Number.isSafeInteger(bound) && bound >= 1 && bound <= 2 ** 48)) throw new RangeError('a bound must be an integer from 1 to 2^48');
    const length = bound <= 2 ** 8 ? 1 : bound <= 2 ** 24 ? 3 : 6;
    const range = 2 ** (8 * length);
    const limit = range - (range % bound);
    for (;;) {
      const drawn = this.#take(length);
      if (drawn < limit) return drawn % bound;
    }
  }

  /** True with probability e^(−numerator/denominator) (Canonne, Kamath and Steinke 2020, algorithm 1). @param numerator 0 or more. */
  survives(numerator: number, denominator: number): boolean {
    let rest = numerator;
    for (; rest > denominator; rest -= denominator) if (!this.survives(denominator, denominator)) return false;
    let k = 1;
    while (this.below(denominator * k) < rest) k += 1;
    return k % 2 === 1;
  }
}
