/** Exact draws from random bytes: whole numbers, each as likely as stated, so that no rounding can tell one outcome from another (Mironov 2012). */
import type { RandomBytes } from '../keys/seed-lock.js';

/** Bytes fetched at a time: OpenSSL's generator gives no more at once, and a call costs as much as a kilobyte. */
const poolBytes = 2 ** 16;

/** Integers with exactly the stated probability. */
export class RandomBits {
  readonly #bytes: RandomBytes;
  #pool: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  /** @param bytes nobody can foresee: `randomBytes` of node:crypto in a site, a seeded stream only in tests and replays. */
  constructor(bytes: RandomBytes) {
    this.#bytes = bytes;
  }

  /** The next 32 bits, little-endian: uniform in [0, 2^32). */
  word(): number {
    if (this.#at === this.#pool.byteLength) {
      const { buffer, byteOffset, byteLength } = this.#bytes(poolBytes);
      this.#pool = new DataView(buffer, byteOffset, byteLength);
      this.#at = 0;
    }
    this.#at += 4;
    return this.#pool.getUint32(this.#at - 4, true);
  }

  /** Uniform in [0, bound), by rejection. @param bound 1 to 2^48. @throws RangeError. */
  below(bound: number): number {
    if (!(Number.isSafeInteger(bound) && bound >= 1 && bound <= 2 ** 48)) throw new RangeError('a bound must be an integer from 1 to 2^48');
    const wide = bound > 2 ** 32;
    for (;;) {
      const drawn = wide ? this.word() + (this.word() % 2 ** 16) * 2 ** 32 : this.word();
      // The remainder, exactly: below 2^52, a quotient of integers is never rounded up to the next integer. The engine's own remainder of floats divides bit by bit.
      const first = Math.floor(drawn / bound) * bound;
      if (first <= (wide ? 2 ** 48 : 2 ** 32) - bound) return drawn - first; // else the last, cut-off run of the range
    }
  }

  /** Heads of fair coins before the first tail: k with probability 2^−(k+1). */
  heads(): number {
    for (let counted = 0; ; counted += 32) {
      const coins = this.word();
      if (coins !== 0) return counted + Math.clz32(coins);
    }
  }
}
