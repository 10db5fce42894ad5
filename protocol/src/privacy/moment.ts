/** ln E_Q[(P/Q)^a] of one step, from which both accountants start: P is the output with a unit, Q without it. */
import { logExpMinusOne, logGaussianMean, logOnePlusExp, logSumExp } from './log-arithmetic.js';
import type { Mechanism } from './mechanism.js';

/** At an integer power: the binomial sum, whose first two terms make the 1 (Mironov, Talwar and Zhang 2019, section 3.3, arXiv 1908.10530). */
function binomialMoment(q: number, sigma: number, power: number): number {
  const terms: number[] = [];
  let logBinomial = Math.log(power);
  for (let k = 2; k <= power; k++) {
    logBinomial += Math.log((power - k + 1) / k);
    terms.push(logBinomial + (power - k) * Math.log1p(-q) + k * Math.log(q) + logExpMinusOne((k * (k - 1)) / (2 * sigma * sigma)));
  }
  return logOnePlusExp(logSumExp(terms));
}

/** Integrals over more points than this are not worth their time: as a bound they never win. */
const mostPoints = 25_000;

/** At any power: the integral itself. Series expansions of it, as others use, overstate or fail for larger rates. */
function integratedMoment(q: number, sigma: number, power: number): number {
  if (Math.abs(power) > mostPoints * Math.min(sigma, sigma * sigma)) return Infinity;
  const logKept = Math.log1p(-q);
  const logOdds = Math.log(q) - logKept;
  const logRatio = (x: number): number => logKept + logOnePlusExp(logOdds + (2 * x - 1) / (2 * sigma * sigma));
  return logGaussianMean((x) => power * logRatio(x), sigma, Math.min(0, power), Math.max(0, power));
}

function laplaceMoment(b: number, power: number): number {
  const a = Math.max(power, 1 - power); // the two outputs mirror each other
  return a === 1 ? 0 : logSumExp([Math.log(a / (2 * a - 1)) + (a - 1) / b, Math.log((a - 1) / (2 * a - 1)) - a / b]);
}

/** @param power any real number; for `laplace` not 1/2. */
export function logMoment(mechanism: Exclude<Mechanism, { kind: 'fixed-size' }>, power: number): number {
  if (mechanism.kind === 'laplace') return laplaceMoment(mechanism.scale, power);
  const { noiseMultiplier: sigma, samplingRate: q } = mechanism;
  if (q === 1) return (power * (power - 1)) / (2 * sigma * sigma);
  if (power > 1 && Number.isInteger(power)) return binomialMoment(q, sigma, power);
  return integratedMoment(q, sigma, power);
}
