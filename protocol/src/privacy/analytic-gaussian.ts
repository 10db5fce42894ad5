/** The exact price of one Gaussian release, and the least noise for a price (Balle and Wang 2018, arXiv 1805.06530). The classical bound asks for a third more noise. */
import { normalTail } from './normal-tail.js';

/** Least delta at an epsilon ≥ 0 of Gaussian noise with this deviation over the sensitivity. */
export function gaussianDelta(sigma: number, epsilon: number): number {
  return normalTail(epsilon * sigma - 1 / (2 * sigma)) - Math.exp(epsilon) * normalTail(epsilon * sigma + 1 / (2 * sigma));
}

/**
 * Least deviation over the sensitivity at which one Gaussian release is (epsilon, delta)-private, to a relative 1e-12 and never below it.
 * @throws RangeError unless epsilon > 0 and 0 < delta < 1.
 */
export function gaussianSigma(epsilon: number, delta: number): number {
  if (!(epsilon > 0 && Number.isFinite(epsilon) && delta > 0 && delta < 1)) throw new RangeError('epsilon must be above 0, delta between 0 and 1');
  let [low, high] = [0, 1];
  while (gaussianDelta(high, epsilon) > delta) [low, high] = [high, 2 * high];
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (gaussianDelta(middle, epsilon) > delta) low = middle;
    else high = middle;
  }
  return high;
}
