// Division hashing held against plain long division, Rabin's test of irreducibility and forgers who know less or more than they may.
import { expect } from 'chai';
import fc from 'fast-check';
import { toHex } from './digest.js';
import { CodedError } from './error.js';
import { forgeryBound, irreduciblePolynomial, isTagOf, oneTimeTag } from './one-time-tag.js';

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/** Long division over GF(2), one bit at a time. */
function remainder(dividend: bigint, divisor: bigint): bigint {
  const size = bitLength(divisor);
  let rest = dividend;
  for (let at = bitLength(rest); at >= size; at = bitLength(rest)) rest ^= divisor << BigInt(at - size);
  return rest;
}

const square = (value: bigint): bigint => BigInt(`0b${value.toString(2).replaceAll(/\B/g, '0')}`);

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, remainder(a, b));
}

/** Rabin 1980: p of degree 128 is irreducible when p divides x^(2^128) − x and has nothing in common with x^(2^64) − x. */
function isIrreducible(polynomial: bigint): boolean {
  if (bitLength(polynomial) !== 129) return false;
  let power = 2n;
  for (let step = 1; step <= 128; step++) {
    power = remainder(square(power), polynomial);
    if (step === 64 && greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false;
  }
  return power === 2n;
}

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const numberOf = (value: Uint8Array): bigint => BigInt(`0x${toHex(value)}`);
const keyOf = (fill: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + fill) & 255);

describe('one-time tags', () => {
  it('take an irreducible polynomial of degree 128 from every element outside of GF(2^64)', () => {
    const found = new Set<bigint>();
    fc.assert(fc.property(bytes(16), (seed) => {
      const polynomial = irreduciblePolynomial(seed);
      if (polynomial === undefined) return false;
      found.add(polynomial);
      return isIrreducible(polynomial);
    }), { numRuns: 12 });
    expect(found.size).above(6);
    // x itself is a root of the polynomial that the field is made with.
    expect(irreduciblePolynomial(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2))).equal((1n << 128n) | 0x87n);
  });

  it('take none from the smaller field', () => {
    for (const element of [0, 1]) expect(irreduciblePolynomial(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, element))).equal(undefined);
    expect(() => oneTimeTag(new Uint8Array(32), Uint8Array.of(1))).throw(CodedError).with.property('code', 'BAD_KEY');
    expect(() => oneTimeTag(new Uint8Array(31), Uint8Array.of(1))).throw(CodedError).with.property('code', 'BAD_KEY');
  });

  it('are the remainder of a long division, under a pad', () => {
    fc.assert(fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (key, message) => {
      const polynomial = irreduciblePolynomial(key.subarray(0, 16)) ?? 0n;
      const dividend = BigInt(`0x01${toHex(message)}`) << 128n;
      expect(numberOf(oneTimeTag(key, message))).equal(remainder(dividend, polynomial) ^ numberOf(key.subarray(16)));
    }), { numRuns: 40 });
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
  });

  it('are forged by who knows the polynomial, and by no other key: that is why a key is used once', () => {
    const key = keyOf(7);
    const polynomial = irreduciblePolynomial(key.subarray(0, 16)) ?? 0n;
    const message = new Uint8Array(40).fill(1);
    const changed = Uint8Array.from(Buffer.from((numberOf(message) ^ (polynomial << 64n)).toString(16).padStart(80, '0'), 'hex'));
    expect(isTagOf(oneTimeTag(key, message), key, changed)).equal(true);
    for (let other = 8; other < 24; other++) expect(isTagOf(oneTimeTag(keyOf(other), message), keyOf(other), changed)).equal(false);
  });

  it('state the bound of a forgery', () => {
    expect(forgeryBound(0)).closeTo(2 ** -121, 2 ** -150);
    expect(Math.log2(forgeryBound(2 ** 20))).closeTo(-105, 0.001);
  });
});
