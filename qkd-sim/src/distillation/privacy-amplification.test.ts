/** Amplification against its definition, row by row. */
import { expect } from 'chai';
import fc from 'fast-check';
import { randomBytesOf, seededRandom } from '../random.js';
import { PlainBitProducts } from './bit-products.js';
import { amplify } from './privacy-amplification.js';

/** Bytes that still fit into one product. */
const WHOLE_BYTES = 131_070;

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
  this.timeout(120_000);

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

  it('contains the published Toeplitz hash of receive-side scaling', () => {
    // Bit i of the hash is Σ_j K[i + j] x_j, bits counted from the highest of each byte: the input turned round makes it T.
    const key = Buffer.from('6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa', 'hex');
    const bitsOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    for (const [input, hash] of [['420995bba18e64500aea06e6', '51ccc178'], ['420995bba18e6450', '323e8fc2']] as const) {
      const columns = 4 * input.length;
      const turned = Array.from(bitsOf(Buffer.from(input, 'hex'))).reverse().join('');
      const output = amplify(bytesOfBits('0'.repeat(32) + turned, 4 + columns / 8), bytesOfBits(bitsOf(key).slice(0, columns + 32), 4 + columns / 8), 4);
      expect(Array.from({ length: 32 }, (_, i) => bitOf(output, i)).join('')).equal(bitsOf(Buffer.from(hash, 'hex')));
    }
  });

  it('is exact at the largest input of one product, where it wraps round, and beyond it, in tiles', () => {
    const random = seededRandom(new Uint8Array(32));
    for (const [n, lengths] of [[WHOLE_BYTES, [1, 35_000, WHOLE_BYTES - 1]], [WHOLE_BYTES + 1, [1, 66_000]], [300_000, [70_001, 131_070, 299_999]]] as const) {
      const [x, s] = [randomBytesOf(random, n), randomBytesOf(random, n)];
      for (const l of lengths) {
        const output = amplify(x, s, l);
        // The last row of a tile and the first of the next are among them.
        for (const i of [0, 1, 7, 4 * l, 8 * 65_535 - 1, 8 * 65_535, 8 * l - 2, 8 * l - 1].filter((place) => place < 8 * l)) {
          expect(bitOf(output, i), `row ${i} of ${8 * l}`).equal(row(x, s, l, i));
        }
      }
    }
  });

  it('gives in vectors what it gives in plain TypeScript', () => {
    const plain = new PlainBitProducts();
    const sizes = fc.tuple(fc.oneof(fc.integer({ min: 2, max: 2000 }), fc.integer({ min: 2, max: WHOLE_BYTES }), fc.constant(200_000)), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(fc.property(sizes, fc.nat(255), ([n, ratio], seed) => {
      const random = seededRandom(new Uint8Array(32).fill(seed));
      const [x, s] = [randomBytesOf(random, n), randomBytesOf(random, n)];
      const l = 1 + Math.floor(ratio * (n - 2));
      expect(Buffer.compare(amplify(x, s, l), amplify(x, s, l, plain))).equal(0);
    }), { numRuns: 12, examples: [[[WHOLE_BYTES, 0.27], 1]] });
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
    expect(() => amplify(size(8), size(7), 1)).throw(RangeError);
    expect(() => amplify(size(8), size(8), 0)).throw(RangeError);
    expect(() => amplify(size(8), size(8), 8)).throw(RangeError);
  });
});
