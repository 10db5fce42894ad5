/** What one step releases, as far as its price is concerned; scales are multiples of the sensitivity. */

/** A randomised release whose privacy loss an accountant can compose. */
export type Mechanism =
  /** Gaussian noise on a sum over units that are in it with probability `samplingRate` each (Poisson; 1: all). Adding or removing one unit. */
  | { readonly kind: 'gaussian'; readonly noiseMultiplier: number; readonly samplingRate: number }
  /**
   * Gaussian noise on a sum over a random subset of a fixed share of the units, drawn without replacement. Replacing one unit: the
   * sensitivity of a sum of clipped vectors is then twice the clipping norm, and `noiseMultiplier` is noise over that.
   */
  | { readonly kind: 'fixed-size'; readonly noiseMultiplier: number; readonly samplingRate: number }
  /** Laplace noise; `scale` is its b over the sensitivity. */
  | { readonly kind: 'laplace'; readonly scale: number };

/** A mechanism used again and again; each use may depend on what came before. */
export interface Run {
  readonly mechanism: Mechanism;
  readonly steps: number;
}

/** @throws RangeError for a delta outside (0, 1), a scale that is not above 0, a rate outside (0, 1] or steps that are no natural number. */
export function assertRuns(runs: readonly Run[], delta: number): void {
  if (!(delta > 0 && delta < 1)) throw new RangeError('delta must lie between 0 and 1');
  for (const { mechanism, steps } of runs) {
    const scale = mechanism.kind === 'laplace' ? mechanism.scale : mechanism.noiseMultiplier;
    const rate = mechanism.kind === 'laplace' ? 1 : mechanism.samplingRate;
    if (!(scale > 0 && Number.isFinite(scale))) throw new RangeError('a noise multiplier must be above 0');
    if (!(rate > 0 && rate <= 1)) throw new RangeError('a sampling rate must be above 0 and at most 1');
    if (!Number.isSafeInteger(steps) || steps < 0) throw new RangeError('steps must be a natural number');
  }
}
