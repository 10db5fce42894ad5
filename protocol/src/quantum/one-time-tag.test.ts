// Tags held against the formula in plain arithmetic, and forgers who know less or more than they may, one who shifts the key among them.
import { expect } from 'chai';
import fc from 'fast-check';
import { fromHex, toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { forgeryBound, isTagOf, oneTimeTag } from './one-time-tag.js';

const numberOf = (value: Uint8Array): bigint => BigInt(`0x${toHex(value)}`);
const bytesOf = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(32, '0'));

/** Product in GF(2^128): carry-less, then reduced bit by bit. */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let bit = 0n; bit < 128n; bit++) if ((b >> bit) & 1n) sum ^= a << bit;
  for (let bit = 254n; bit >= 128n; bit--) if ((sum >> bit) & 1n) sum ^= ((1n << 128n) | 0x87n) << (bit - 128n);
  return sum;
}

const power = (base: bigint, exponent: number): bigint => (exponent === 0 ? 1n : product(base, power(base, exponent - 1)));

/** The coefficients m₁ … mₙ. */
function coefficients(message: Uint8Array): bigint[] {
  const filled = [...message];
  while (filled.length % 32 !== 0) filled.push(0);
  const blocks = Array.from({ length: filled.length / 16 }, (_, at) => numberOf(Uint8Array.from(filled.slice(16 * at, 16 * at + 16))));
  return [...blocks, BigInt(message.length)];
}

/** α^D + Σ mᵢ α^(D−1−i). */
const formula = (point: bigint, terms: readonly bigint[]): bigint =>
  terms.reduce((sum, term, at) => sum ^ product(term, power(point, terms.length - at)), power(point, terms.length + 2));

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const keyOf = (fill: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + fill) & 255);

describe('one-time tags', () => {
  it('are the polynomial at the point, under a pad', () => {
    fc.assert(fc.property(bytes(32), fc.uint8Array({ maxLength: 100 }), (key, message) => {
      expect(numberOf(oneTimeTag(key, message))).equal(formula(numberOf(key.subarray(0, 16)), coefficients(message)) ^ numberOf(key.subarray(16)));
    }), { numRuns: 30 });
  });

  it('have an odd highest power for every length, and none below it but those of the blocks', () => {
    for (let length = 0; length < 100; length++) {
      const count = coefficients(new Uint8Array(length)).length;
      expect(count % 2, `${length}`).equal(1);
      expect(forgeryBound(length)).equal((count + 2) / 2 ** 128);
    }
  });

  it('fit one message only: any changed bit, of message, tag or key, is seen', () => {
    fc.assert(fc.property(bytes(32), fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), (key, message, place) => {
      const tag = oneTimeTag(key, message);
      const flipped = (of: Uint8Array): Uint8Array => of.map((byte, at) => (at === (place >> 3) % of.length ? byte ^ (1 << (place & 7)) : byte));
      expect(isTagOf(tag, key, message)).equal(true);
      expect(isTagOf(tag, key, flipped(message))).equal(false);
      expect(isTagOf(flipped(tag), key, message)).equal(false);
      expect(isTagOf(tag, flipped(key), message)).equal(false);
    }), { numRuns: 60 });
  });

  it('tell lengths apart: zeros in front or behind change them', () => {
    const tag = oneTimeTag(keyOf(3), Uint8Array.of(0, 5));
    for (const other of [[5], [0, 0, 5], [0, 5, 0], []]) expect(isTagOf(tag, keyOf(3), Uint8Array.from(other))).equal(false);
    expect(isTagOf(tag.subarray(1), keyOf(3), Uint8Array.of(0, 5))).equal(false);
    expect(() => oneTimeTag(new Uint8Array(31), Uint8Array.of(1))).throw(CodedError).with.property('code', 'BAD_KEY');
  });

  it('are forged by who knows the point, and for no other key: that is why a key is used once', () => {
    const [key, message] = [keyOf(7), new Uint8Array(32).fill(1)];
    const point = numberOf(key.subarray(0, 16));
    // One more in the first block is α³ more, which α more in the second block is not: m₂ takes it up by α.
    const [first, second] = coefficients(message);
    const changed = Uint8Array.from([...bytesOf((first ?? 0n) ^ 1n), ...bytesOf((second ?? 0n) ^ point)]);
    expect(isTagOf(oneTimeTag(key, message), key, changed)).equal(true);
    for (let other = 8; other < 24; other++) expect(isTagOf(oneTimeTag(keyOf(other), message), keyOf(other), changed)).equal(false);
  });

  it('do not move with the key: who shifts it by a known difference finds no message that follows', () => {
    const [key, shift] = [keyOf(9), 1n];
    const point = numberOf(key.subarray(0, 16));
    const shifted = Uint8Array.from([...bytesOf(point ^ shift), ...key.subarray(16)]);
    const message = new Uint8Array(32).fill(6);
    const [m1 = 0n, m2 = 0n, m3 = 0n] = coefficients(message);
    // m₁(α+1)³ + m₂(α+1)² + m₃(α+1) in powers of α: without the highest term this would follow, up to a known constant.
    const [followed, constant] = [[m1, m1 ^ m2, m1 ^ m3], m1 ^ m2 ^ m3];
    const plain = (at: bigint, terms: readonly bigint[]): bigint => formula(at, terms) ^ power(at, terms.length + 2);
    expect(plain(point ^ shift, followed)).equal(plain(point, [m1, m2, m3]) ^ constant);
    // With it (α+1)^5 leaves α⁴ + α + 1, which no block can take up.
    const difference = formula(point ^ shift, followed) ^ formula(point, [m1, m2, m3]) ^ constant;
    expect(difference).equal(power(point, 4) ^ point ^ 1n);
    expect(isTagOf(oneTimeTag(key, message), shifted, message)).equal(false);
  });

  it('state the bound of a forgery', () => {
    expect(Math.log2(forgeryBound(2 ** 20))).closeTo(-112, 0.001);
  });
});
