/** Noise on the integers, drawn exactly: the discrete Gaussian (Canonne, Kamath and Steinke 2020, arXiv 2004.00010), by rejection and comparisons that no rounding can turn. */
import { exponentialBounds } from './exponential-bounds.js';
import type { RandomBits } from './random-bits.js';

/** Largest deviation: a float holds every candidate, and its square but for less than 2^−52 of it. */
export const maxScale = 2 ** 20;

/**
 * How far `estimate` may be off, in units of 2^−32. Its exponent is wrong by less than (x²/(2·sigma²) + doublings)·2^−51, which times the probability itself stays below
 * 2^−50; so this leaves `Math.exp`, for which the language sets no bound, two thousand times what any engine's is off (1 or 2 units in the last of 53 bits).
 */
export const margin = 2 ** -8;

/** 2^doublings · e^(−x²/(2·sigma²)) in units of 2^−32, nearly. */
export const estimate = (x: number, sigma: number, doublings: number): number => Math.exp(doublings * Math.LN2 - (x * x) / (2 * sigma * sigma)) * 2 ** 32;

/** Decides for the real number in [0, 1) that begins with `word`, and goes on with as many words as it takes. */
function decideExactly(word: number, x: number, sigma: number, doublings: number, random: RandomBits): boolean {
  const [numerator, denominator] = [BigInt(x) ** 2n, 2n * BigInt(sigma) ** 2n];
  let drawn = BigInt(word);
  for (let bits = 32; ; bits += 32) {
    const { lower, upper } = exponentialBounds(numerator, denominator, bits + doublings);
    if (drawn < lower) return true;
    if (drawn >= upper) return false;
    drawn = (drawn << 32n) + BigInt(random.word());
  }
}

/**
 * True with probability 2^doublings · e^(−x²/(2·sigma²)), exactly: a uniform real number in [0, 1) is below it. Its first 32 bits tell, where the
 * float is far enough away from them; about once in 2^32 it is not, and integers decide.
 * @param x an integer, at least doublings · 1.2 · sigma away from zero: the probability is then at most 1, and the float as near as stated. @param doublings 0 or more.
 */
export function survives(x: number, sigma: number, doublings: number, random: RandomBits): boolean {
  const word = random.word();
  const nearly = estimate(x, sigma, doublings);
  if (word + 1 + margin <= nearly) return true;
  if (word - margin >= nearly) return false;
  return decideExactly(word, x, sigma, doublings, random);
}

/**
 * An integer x with probability proportional to e^(−x²/(2·sigma²)).
 *
 * Both half-lines are cut into runs of 1.2·sigma. Coins choose a run, number k with probability 2^−(k+1), and every integer in it is as likely as the
 * others; so a candidate is kept with probability 2^k · e^(−x²/(2·sigma²)), which is at most e^(k·ln 2 − 0.72·k²) ≤ 1. Half of them are kept.
 * @throws RangeError for a sigma that is no integer from 1 to 2^20.
 */
export function discreteGaussian(sigma: number, random: RandomBits): number {
  if (!(Number.isSafeInteger(sigma) && sigma >= 1 && sigma <= maxScale)) throw new RangeError('a scale must be an integer from 1 to 2^20');
  const run = Math.ceil(1.2 * sigma);
  for (;;) {
    const heads = random.heads();
    const place = random.below(2 * run);
    const x = place < run ? heads * run + place : run - 1 - heads * run - place; // from −1 downwards: zero is on one side
    if (survives(x, sigma, heads, random)) return x;
  }
}
