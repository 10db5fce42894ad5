/** Sums and integrals of numbers that are kept as logarithms, because they overflow or vanish otherwise. */

/** ln Σ exp(x). */
export function logSumExp(values: readonly number[]): number {
  const top = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return top === -Infinity ? top : top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

/** ln(1 + e^x) without overflow, and without loss where e^x is tiny. */
export const logOnePlusExp = (x: number): number => (x > 40 ? x : Math.log1p(Math.exp(x)));

/** ln |e^x − 1|, also where e^x overflows. */
export const logExpMinusOne = (x: number): number => (x > 40 ? x : Math.log(Math.abs(Math.expm1(x))));

/**
 * ln ∫ exp(f(x)) · density of N(0, sigma²) dx by the trapezoid rule, which converges exponentially for functions that are analytic in
 * a strip; the sampled Gaussian's ratio is so up to π·sigma² from the real line.
 * @param from,to where the integrand has its peaks; 14 sigma more are covered on both sides.
 */
export function logGaussianMean(f: (x: number) => number, sigma: number, from: number, to: number): number {
  const step = Math.min(sigma, sigma * sigma) / 8;
  const terms: number[] = [];
  for (let x = from - 14 * sigma; x <= to + 14 * sigma; x += step) terms.push(f(x) - (x * x) / (2 * sigma * sigma));
  return logSumExp(terms) + Math.log(step / (sigma * Math.sqrt(2 * Math.PI)));
}
