/** Noise that many sites add together, so that none has to be trusted with all of it: sums of discrete Gaussians (Kairouz, Liu and Steinke 2021, arXiv 2102.06387). */

/**
 * Variance of the noise that each site adds so that the sum has at least `variance` when no fewer than `survivors` sites stay to the end.
 * With more survivors there is more noise than needed, never less.
 * @throws RangeError unless survivors is at least 1.
 */
export function shareOfVariance(variance: number, survivors: number): number {
  if (!Number.isSafeInteger(survivors) || survivors < 1) throw new RangeError('at least one site must be expected to stay');
  return variance / survivors;
}

/**
 * How far the sum of n discrete Gaussians of a deviation is from one discrete Gaussian: every ratio of probabilities lies within e^±(this), a
 * coordinate (lemma 12 there). Below 1e-30 from a deviation of 3 on.
 * @param sigma deviation of one site's noise, in steps of the integer grid.
 */
export function sumDivergence(sites: number, sigma: number): number {
  let sum = 0;
  for (let k = 1; k < sites; k++) sum += Math.exp((-2 * Math.PI ** 2 * sigma ** 2 * k) / (k + 1));
  return 10 * sum;
}

/**
 * Concentrated differential privacy ½·ε² of the sum (proposition 14 there): its Rényi divergence at order α is at most α·ε²/2.
 * @param sensitivity Euclidean, in steps of the grid, after rounding.
 * @param dimension number of coordinates.
 * @returns ε.
 */
export function sumConcentration(sites: number, sigma: number, sensitivity: number, dimension: number): number {
  const tau = sumDivergence(sites, sigma);
  const alone = sensitivity / (Math.sqrt(sites) * sigma);
  return Math.min(Math.sqrt(alone ** 2 + (tau * dimension) / 2), alone + tau * Math.sqrt(dimension));
}
