/** Draws from a finite law in constant time: Walker's alias method (Vose 1991). */

export class AliasTable {
  readonly #values: Uint8Array;
  readonly #aliases: Uint8Array;
  readonly #thresholds: Float64Array;

  /** @param outcomes at most 256 values below 256 with weights that need not sum to 1 */
  constructor(outcomes: readonly { readonly code: number; readonly weight: number }[]) {
    const n = outcomes.length;
    const total = outcomes.reduce((sum, { weight }) => sum + weight, 0);
    this.#values = Uint8Array.from(outcomes, ({ code }) => code);
    this.#aliases = Uint8Array.from(outcomes, ({ code }) => code);
    this.#thresholds = Float64Array.from(outcomes, ({ weight }) => (weight / total) * n);
    const level = (index: number): number => this.#thresholds[index] ?? 1;
    const small = outcomes.map((_, index) => index).filter((index) => level(index) < 1);
    const large = outcomes.map((_, index) => index).filter((index) => level(index) >= 1);
    for (let poor = small.pop(), rich = large.pop(); poor !== undefined && rich !== undefined; poor = small.pop()) {
      this.#aliases[poor] = this.#values[rich] ?? 0;
      this.#thresholds[rich] = level(rich) - (1 - level(poor));
      if (level(rich) < 1) {
        small.push(rich);
        rich = large.pop();
      }
    }
  }

  /** The value that a uniform number in (0, 1) points at. */
  draw(uniform: number): number {
    const place = uniform * this.#values.length;
    const index = Math.trunc(place);
    return (place - index < (this.#thresholds[index] ?? 1) ? this.#values[index] : this.#aliases[index]) ?? 0;
  }
}
