/**
 * An emulated quantum random number generator: photons that take one of two ways at a beam splitter which is not quite
 * even. It gives no physical randomness; the numbers behind it come in as an argument.
 */
import type { FillRandom } from '../random.js';

/** What is wrong with the source: nothing, one detector fires always, or one sees hardly any light. */
export const sourceFaults = ['none', 'stuck', 'biased'] as const;
export type SourceFault = (typeof sourceFaults)[number];

/** In 256 photons so many go the way of a 1. */
const ONES = { none: 131, stuck: 256, biased: 205 } as const satisfies Record<SourceFault, number>;

/** Min-entropy that is claimed for a sample, in bits; −log₂(131/256) = 0.967 leaves a margin. */
export const CLAIMED_ENTROPY = 0.9;

export class QuantumSource {
  readonly #fill: FillRandom;
  fault: SourceFault = 'none';

  constructor(fill: FillRandom) {
    this.#fill = fill;
  }

  /** Raw samples, 0 or 1 in each byte. */
  samples(count: number): Uint8Array {
    const photons = new Uint8Array(count);
    this.#fill(photons);
    return photons.map((photon) => (photon < ONES[this.fault] ? 1 : 0));
  }
}
