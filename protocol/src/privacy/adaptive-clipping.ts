/** A clipping norm that follows a quantile of the norms it clips, and what that costs (Andrew, Thakkar, McMahan and Ramaswamy 2021, arXiv 1905.03871). */
import { CodedError } from '../error.js';

/**
 * Noise multiplier left for the vectors when the count of unclipped ones is released beside them: z_Δ = (z⁻² − (2σ_b)⁻²)^(−1/2). The
 * two releases together cost what one with z would.
 * @param countNoise σ_b, deviation of the noise on the count.
 * @throws CodedError STUDY_INVALID when the count alone costs more than z allows (2·σ_b ≤ z).
 */
export function vectorNoise(noiseMultiplier: number, countNoise: number): number {
  const left = noiseMultiplier ** -2 - (2 * countNoise) ** -2;
  if (!(left > 0)) throw new CodedError('STUDY_INVALID', `a count with noise ${countNoise} costs more than the noise multiplier ${noiseMultiplier} allows: it must be above ${noiseMultiplier / 2}`);
  return left ** -0.5;
}

/** How the norm moves. */
export interface Adaptation {
  /** Share of vectors that should stay below the norm, 0 to 1. */
  readonly quantile: number;
  /** How fast the logarithm of the norm moves. */
  readonly learningRate: number;
}

/** The next norm, after a noised share of vectors stayed below this one. The share may lie outside 0 to 1, because noise has no bounds. */
export const nextNorm = (norm: number, share: number, { quantile, learningRate }: Adaptation): number => norm * Math.exp(-learningRate * (share - quantile));
