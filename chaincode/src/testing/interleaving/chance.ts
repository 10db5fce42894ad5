/** Random choices of an interleaving: the same for the same seed. */

/** Mulberry32, a generator of 32 bits of state: enough for examples. */
export class Chance {
  #at: number;

  /** @param seed any integer; two that differ by a multiple of 2^32 are one. */
  constructor(seed: number) {
    this.#at = seed | 0;
  }

  /** An integer from 0 to below `bound`, which is 1 or more. */
  below(bound: number): number {
    this.#at = (this.#at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#at ^ (this.#at >>> 15), this.#at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  /** True once in so many. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** One of a list, by its weight. */
  byWeight<T>(list: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.below(list.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of list) {
      if (left < weight) return value;
      left -= weight;
    }
    throw new RangeError('a choice needs weights');
  }

  /** The list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list];
    for (let at = order.length - 1; at > 0; at--) {
      const other = this.below(at + 1);
      [order[at], order[other]] = [order[other] as T, order[at] as T];
    }
    return order;
  }
}
