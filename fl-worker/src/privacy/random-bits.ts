/** Exact draws from random bytes: no float takes part, so that no rounding can tell one outcome from another (Mironov 2012). */
import type { RandomBytes } from '../keys/seed-lock.js';

/** Three bytes as an integer, little-endian. */
const three = (bytes: Uint8Array, at: number): number => (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);

/** a % b for integers up to 2^48, exactly: the quotient is rounded to within one of the true one, and the product is an exact integer. The engine's own remainder of floats divides bit by bit. */
function remainder(a: number, b: number): number {
  const rest = a - Math.floor(a / b) * b;
  return rest < 0 ? rest + b : rest >= b ? rest - b : rest;
}

/** Integers and events with exactly the stated probability. */
export class RandomBits {
  readonly #bytes: RandomBytes;
  #pool: Uint8Array = new Uint8Array();
  #at = 0;

  /** @param bytes nobody can foresee: `randomBytes` of node:crypto in a site, a seeded stream only in tests and replays. */
  constructor(bytes: RandomBytes) {
    this.#bytes = bytes;
  }

  /** So many bytes as one integer, little-endian: a draw is the innermost step of all noise, and `readUIntLE` takes several times as long. */
  #take(length: 1 | 3 | 6): number {
    if (this.#at + length > this.#pool.length) {
      this.#pool = this.#bytes(8192);
      this.#at = 0;
    }
    const [pool, at] = [this.#pool, this.#at];
    this.#at = at + length;
    if (length === 1) return pool[at] as number;
    const low = three(pool, at);
    return length === 3 ? low : low + three(pool, at + 3) * 2 ** 24;
  }

  /** Uniform in [0, bound), by rejection. @param bound 1 to 2^48. @throws RangeError. */
  below(bound: number): number {
    if (!(Number.isSafeInteger(bound) && bound >= 1 && bound <= 2 ** 48)) throw new RangeError('a bound must be an integer from 1 to 2^48');
    const length = bound <= 2 ** 8 ? 1 : bound <= 2 ** 24 ? 3 : 6;
    const range = 2 ** (8 * length);
    const limit = range - remainder(range, bound);
    for (;;) {
      const drawn = this.#take(length);
      if (drawn < limit) return remainder(drawn, bound);
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
