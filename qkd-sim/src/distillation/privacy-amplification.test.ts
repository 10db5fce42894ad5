/** Amplification against its definition, row by row. */
import { expect } from 'chai';
import fc from 'fast-check';
import { randomBytesOf, seededRandom } from '../random.js';
import { MAX_INPUT_BITS, amplify } from './privacy-amplification.js';

const bitOf = (bytes: Uint8Array, index: number): number => (bytes[index >> 3]! >> (index & 7)) & 1;

/** y_i = x_i ⊕ Σ_j s[i − j + n − ℓ − 1] x_(ℓ + j). */
const row = (x: Uint8Array, s: Uint8Array, outputBytes: number, i: number): number => {
  const [n, l] = [8 * x.length, 8 * outputBytes];
  let bit = bitOf(x, i);
  for (let j = 0; j < n - l; j++) bit ^= bitOf(s, i - j + n - l - 1) & bitOf(x, l + j);
  return bit;
};

/** Bytes with the first bits of a text of 0 and 1. */
const bytesOfBits = (bits: string, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < bits.length; i++) bytes[i >> 3]! |= Number(bits[i]) << (i & 7);
  return bytes;
};

describe('privacy amplification', function () {
  this.timeout(30_000);

  it('contains the known Toeplitz products of 4 by 8 bits', () => {
    // With x₁ = 0 and ℓ = 8 the first four rows are T[i][j] = s[i − j + 7], the plain Toeplitz matrix.
    for (const [x, s, y] of [['10110010', '10011010111', '1011'], ['11010001', '01101110100', '0110']] as const) {
      const output = amplify(Uint8Array.of(0, bytesOfBits(x, 1)[0]!), bytesOfBits(s, 2), 1);
      expect([0, 1, 2, 3].map((i) => bitOf(output, i)).join('')).equal(y);
    }
  });

  it('meets the definition', () => {
    const sizes = fc.tuple(fc.integer({ min: 2, max: 60 }), fc.nat()).map(([n, l]) => [n, 1 + (l % (n - 1))] as const);
    fc.assert(fc.property(sizes, fc.nat(255), ([n, l], seed) => {
      const random = seededRandom(new Uint8Array(32).fill(seed));
      const [x, s] = [randomBytesOf(random, n), randomBytesOf(random, n)];
      const output = amplify(x, s, l);
      for (let i = 0; i < 8 * l; i++) expect(bitOf(output, i)).equal(row(x, s, l, i));
    }), { numRuns: 10 });
  });

  it('is exact at the largest input, where the product wraps round', () => {
    const random = seededRandom(new Uint8Array(32));
    const [x, s] = [randomBytesOf(random, MAX_INPUT_BITS / 8), randomBytesOf(random, MAX_INPUT_BITS / 8)];
    for (const l of [1, 35_000, MAX_INPUT_BITS / 8 - 1]) {
      const output = amplify(x, s, l);
      for (const i of [0, 1, 7, 4 * l, 8 * l - 2, 8 * l - 1]) expect(bitOf(output, i), `row ${i} of ${8 * l}`).equal(row(x, s, l, i));
    }
  });

  it('does not use the last bit of the seed', () => {
    const random = seededRandom(new Uint8Array(32));
    const [x, s] = [randomBytesOf(random, 40), randomBytesOf(random, 40)];
    const other = s.slice();
    other[39]! ^= 0x80;
    expect(amplify(x, other, 9)).deep.equal(amplify(x, s, 9));
  });

  it('refuses what it cannot do exactly', () => {
    const size = (bytes: number): Uint8Array => new Uint8Array(bytes);
    expect(() => amplify(size(MAX_INPUT_BITS / 8 + 1), size(MAX_INPUT_BITS / 8 + 1), 1)).throw(RangeError);
    expect(() => amplify(size(8), size(7), 1)).throw(RangeError);
    expect(() => amplify(size(8), size(8), 0)).throw(RangeError);
    expect(() => amplify(size(8), size(8), 8)).throw(RangeError);
  });
});
