/** Tails of the normal distribution with small relative error, which JavaScript's Math lacks (Abramowitz and Stegun 7.1.6 and 7.1.14). */

/** erf(x) for 0 ≤ x < 2: a series of positive terms. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** erfc(x) for x ≥ 2: the continued fraction, from a depth at which the rest no longer counts. */
function erfcFraction(x: number): number {
  let rest = x;
  for (let k = Math.ceil(8 + 180 / (x * x)); k > 0; k--) rest = x + k / 2 / rest;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * rest);
}

/** Complementary error function; relative error below 1e-13 for x up to 26, 0 where it underflows. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  return x < 2 ? 1 - erfSeries(x) : erfcFraction(x);
}

/** Probability that a standard normal variable exceeds x. */
export const normalTail = (x: number): number => erfc(x / Math.SQRT2) / 2;
