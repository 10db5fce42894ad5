/** The exponential function between two integers: for the draws that a float of it cannot decide. */

/** Bits beyond those asked for: all roundings of a series stay below one unit of what is returned. */
const spareBits = 32n;

/** Quotient of positive integers, rounded up. */
const roundedUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

/**
 * Bounds of e^(−numerator/denominator) · 2^bits. They are a unit or two apart, so more bits bring them as near as one likes.
 *
 * e^(+numerator/denominator) is summed, because all terms of its series are positive: rounded down each, they give a lower bound; rounded up,
 * an upper one, once what is left of the series is added. From the place on where a term is at most half of the one before, that is no more than the last term.
 * @param numerator 0 or more. @param denominator 1 or more. @param bits 0 or more.
 */
export function exponentialBounds(numerator: bigint, denominator: bigint, bits: number): { readonly lower: bigint; readonly upper: bigint } {
  const precision = BigInt(bits) + spareBits;
  let [low, high] = [1n << precision, 1n << precision];
  let [lowSum, highSum] = [low, high];
  for (let place = 1n; high > 1n || place * denominator < 2n * numerator; place += 1n) {
    low = (low * numerator) / (denominator * place);
    high = roundedUp(high * numerator, denominator * place);
    lowSum += low;
    highSum += high;
  }
  const one = 1n << (precision + BigInt(bits));
  return { lower: one / (highSum + high), upper: roundedUp(one, lowSum) };
}
