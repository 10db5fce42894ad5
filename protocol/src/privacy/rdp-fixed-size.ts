/** Price of a Gaussian on a fixed-size sample without replacement, replacing one unit (Wang, Balle and Kasiviswanathan 2019, theorem 27, arXiv 1808.00087). */
import { logExpMinusOne, logGaussianMean, logSumExp } from './log-arithmetic.js';

/** ln E_Q[(P/Q − 1)^l] for even l: a positive integrand, so that nothing cancels as it does in the paper's finite differences. */
function pearsonVajda(sigma: number, l: number): number {
  return logGaussianMean((x) => l * logExpMinusOne((2 * x - 1) / (2 * sigma * sigma)), sigma, 0, l);
}

/** Moments by noise multiplier and l; the same ones enter at every order. */
const known = new Map<number, number[]>();

function evenMoment(sigma: number, l: number): number {
  if (!known.has(sigma)) known.clear();
  const moments = known.get(sigma) ?? [];
  known.set(sigma, moments);
  return (moments[l] ??= pearsonVajda(sigma, l));
}

function atInteger(q: number, sigma: number, order: number): number {
  const terms = [0];
  let logBinomial = Math.log(order);
  for (let j = 2; j <= order; j++) {
    logBinomial += Math.log((order - j + 1) / j);
    const crude = Math.log(2) + (j * (j - 1)) / (2 * sigma * sigma);
    const fine = Math.log(4) + (evenMoment(sigma, 2 * Math.floor(j / 2)) + evenMoment(sigma, 2 * Math.ceil(j / 2))) / 2;
    terms.push(logBinomial + j * Math.log(q) + Math.min(crude, fine));
  }
  return logSumExp(terms);
}

/** Largest order that is priced: the moments above cost most and win only for budgets far below any in use. */
const lastOrder = 64;

/** (order − 1) · RDP of one step; between integers by the convexity of the moment (corollary 10 there). `Infinity` above order 64. */
export function fixedSizeMoment(q: number, sigma: number, order: number): number {
  if (order > lastOrder) return Infinity;
  if (q === 1) return ((order - 1) * order) / (2 * sigma * sigma);
  const below = Math.floor(order);
  const share = order - below;
  const low = below === 1 ? 0 : atInteger(q, sigma, below);
  return share === 0 ? low : (1 - share) * low + share * atInteger(q, sigma, below + 1);
}
