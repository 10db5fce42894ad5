/** Draws from a finite law in constant time: Walker's alias method (Vose 1991). */
import type { RandomNumbers } from '../random.js';

const PLACES = 256;

export class AliasTable {
  /** By place its own value and its alias. */
  readonly #values = new Uint8Array(2 * PLACES);
  /** How much of each place is its own, in 24 bits and the 32 below them. */
  readonly #shares = new Int32Array(PLACES);
  readonly #fineShares = new Uint32Array(PLACES);

  /** @param outcomes at most 256 values below 256 with weights that need not sum to 1 */
  constructor(outcomes: readonly { readonly code: number; readonly weight: number }[]) {
    const total = outcomes.reduce((sum, { weight }) => sum + weight, 0);
    const places = Array.from({ length: PLACES }, (_, place) => place);
    const shares = Float64Array.from(places, (place) => ((outcomes[place]?.weight ?? 0) / total) * PLACES);
    const codes = places.map((place) => outcomes[place]?.code ?? 0);
    const aliases = [...codes];
    const share = (place: number): number => shares[place] ?? 1;
    const small = places.filter((place) => share(place) < 1);
    const large = places.filter((place) => share(place) >= 1);
    for (let poor = small.pop(), rich = large.pop(); poor !== undefined && rich !== undefined; poor = small.pop()) {
      aliases[poor] = codes[rich] ?? 0;
      shares[rich] = share(rich) - (1 - share(poor));
      if (share(rich) < 1) {
        small.push(rich);
        rich = large.pop();
      }
    }
    for (const place of places) {
      this.#values.set([codes[place] ?? 0, aliases[place] ?? 0], 2 * place);
      this.#shares[place] = share(place) * 2 ** 24;
      this.#fineShares[place] = (share(place) * 2 ** 56) % 2 ** 32;
    }
  }

  /** A value drawn with 56 bits, of which all but the first 24 are nearly never needed. */
  draw(random: RandomNumbers): number {
    const word = random.word();
    const place = word >>> 24;
    const left = (this.#shares[place] ?? 0) - (word & 0xff_ffff);
    // The sign chooses, because a branch that cannot be predicted costs more than the rest.
    const alias = left === 0 ? Number(random.word() >= (this.#fineShares[place] ?? 0)) : left >>> 31;
    return this.#values[2 * place + alias] ?? 0;
  }
}
