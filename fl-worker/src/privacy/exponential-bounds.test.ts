// Bounds of the exponential function against digits of two constants, and against its other series.
import { expect } from 'chai';
import fc from 'fast-check';
import { exponentialBounds } from './exponential-bounds.js';

/** e^(−1/2) and e^(−2) to 80 decimals (OEIS A092605, A092553). */
const digits = {
  half: 60653065971263342360379953499118045344191813548718695568289215873505651941374842n,
  two: 13533528323661269189399949497248440340763154590957588146815887265407337410148769n,
} as const;

/** e^(−numerator/denominator) · 2^bits by the alternating series of an argument below 2^-8, squared eight times and more: right to a unit or so. */
function bySquaring(numerator: bigint, denominator: bigint, bits: bigint): bigint {
  const halvings = 8n + BigInt((numerator / denominator).toString(2).length);
  const precision = bits + 2n * halvings + 64n;
  let [term, sum] = [1n << precision, 0n];
  for (let place = 1n; term !== 0n; place += 1n) {
    sum += term;
    term = (-term * numerator) / (denominator * place << halvings);
  }
  for (let squared = 0n; squared < halvings; squared += 1n) sum = (sum * sum) >> precision;
  return sum >> (precision - bits);
}

describe('bounds of the exponential function', () => {
  it('hold the digits of e^(-1/2) and e^(-2) between them', () => {
    for (const [numerator, denominator, known] of [[1n, 2n, digits.half], [2n, 1n, digits.two]] as const) {
      for (const bits of [0, 1, 32, 64, 200]) {
        const { lower, upper } = exponentialBounds(numerator, denominator, bits);
        const exact = known << BigInt(bits); // over 10^80
        expect(lower * 10n ** 80n <= exact && exact < upper * 10n ** 80n, `${bits} bits`).to.equal(true);
        expect(upper - lower <= 2n).to.equal(true);
      }
    }
  });

  it('are exact for e^0', () => {
    expect(exponentialBounds(0n, 7n, 40)).to.deep.equal({ lower: 1n << 40n, upper: 1n << 40n });
  });

  it('agree with another series, and stay as near to each other', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 44n }), fc.bigInt({ min: 2n ** 36n, max: 2n ** 41n }), fc.integer({ min: 0, max: 200 }), (numerator, denominator, bits) => {
      const { lower, upper } = exponentialBounds(numerator, denominator, bits);
      const other = bySquaring(numerator, denominator, BigInt(bits));
      return lower <= other + 1n && other <= upper && upper - lower <= 2n;
    }), { numRuns: 200 });
  });
});
