/** Noise on the integers, drawn exactly: discrete Laplace and discrete Gaussian (Canonne, Kamath and Steinke 2020, arXiv 2004.00010, algorithms 2 and 3). */
import type { RandomBits } from './random-bits.js';

/** Largest scale: all products of the samplers stay exact integers. */
export const maxScale = 2 ** 20;

function assertScale(scale: number): void {
  if (!(Number.isSafeInteger(scale) && scale >= 1 && scale <= maxScale)) throw new RangeError('a scale must be an integer from 1 to 2^20');
}

/** An integer with probability proportional to e^(−|x|/scale). @throws RangeError for a scale that is no integer from 1 to 2^20. */
export function discreteLaplace(scale: number, random: RandomBits): number {
  assertScale(scale);
  for (;;) {
    const remainder = random.below(scale);
    if (!random.survives(remainder, scale)) continue;
    let multiple = 0;
    while (random.survives(1, 1)) multiple += 1;
    const size = remainder + scale * multiple;
    const negative = random.below(2) === 1;
    if (negative && size === 0) continue; // zero has one sign
    return negative ? -size : size;
  }
}

/** An integer with probability proportional to e^(−x²/(2·sigma²)). @throws RangeError for a sigma that is no integer from 1 to 2^20. */
export function discreteGaussian(sigma: number, random: RandomBits): number {
  for (;;) {
    const candidate = discreteLaplace(sigma, random);
    const excess = Math.abs(Math.abs(candidate) - sigma);
    // Squares beyond 2^52 would be rounded; such a candidate is kept with a probability below e^-2000 and is not.
    if (excess <= 2 ** 26 && random.survives(excess * excess, 2 * sigma * sigma)) return candidate;
  }
}
