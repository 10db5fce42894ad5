/** Fixed-point updates: the frozen vector (PROTOCOL, Appendix, 3), a plain reference in big integers, and what must be refused. */
import { expect } from 'chai';
import fc from 'fast-check';

import { concat, digestOf, fromHex, toHex } from './encoding/digest.js';
import { checkSum, decodeModel, decodeSum, encodeModel, encodeUpdate, readVector, sumVectors, type FixedPoint } from './fixed-point.js';
import { vectorLength } from './encoding/vector-length.js';
import { codeOf } from './testing/refusal.js';

const encoding: FixedPoint = { bits: 64, fractionBits: 8, clip: '8', maxWeight: 1000 };
const guard = new Uint8Array(16);
const a = concat(fromHex('03000000000000008004000000000000faffffffffffffff0000000000000000060000000000000000e8ffffffffffff'), guard);
const sum = concat(fromHex('0400000000000000c004000000000000faffffffffffffff0000000000000000060000000000000000f0ffffffffffff'), guard);

describe('fixed point', () => {
  it('has vectors, sum, model and digest of vector 3', () => {
    const b = encodeUpdate([0.25, 0, 0, 0, 8], encoding, 1);
    expect(toHex(encodeUpdate([1.5, -1.5 / 256, 0.5 / 256, 2.5 / 256, -8], encoding, 3))).to.equal(toHex(a));
    expect(toHex(sumVectors([a, b], 64))).to.equal(toHex(sum));
    const model = decodeSum(sum, new Float32Array(5), encoding, 1, 2);
    expect([...model]).to.deep.equal([1.1875, -0.005859375, 0, 0.005859375, -4]);
    expect(toHex(encodeModel(model))).to.equal('0000983f0000c0bb000000000000c03b000080c0');
    expect(digestOf(encodeModel(model))).to.equal('sha256:7d113a539597c9025d364e001cac605246c7be47dbe22cdef5c92afdbffc49b9');
  });

  /** Half to even on exact integers: x is m · 2^e with an integer m, so x · 2^f is a fraction of integers. */
  const referenceRound = (x: number, fractionBits: number): bigint => {
    const scaled = BigInt(Math.trunc(x * 2 ** 20 * 2 ** fractionBits)); // exact: tests draw multiples of 2^-20
    const unit = 1n << 20n;
    const floor = (scaled - (((scaled % unit) + unit) % unit)) / unit;
    const twice = 2n * (scaled - floor * unit);
    return twice > unit || (twice === unit && floor % 2n !== 0n) ? floor + 1n : floor;
  };

  const wide: FixedPoint = { bits: 64, fractionBits: 20, clip: '1024', maxWeight: 1_000_000 };
  const narrow: FixedPoint = { bits: 32, fractionBits: 10, clip: '4', maxWeight: 1000 };
  const aDelta = (limit: number): fc.Arbitrary<number[]> => fc.array(fc.integer({ min: -limit * 2 ** 20, max: limit * 2 ** 20 }).map((n) => n / 2 ** 20), { minLength: 4, maxLength: 4 });

  for (const [name, settings, limit] of [['64', wide, 1024], ['32', narrow, 4]] as const) {
    const width = settings.bits / 8;
    const wordsOf = (bytes: Uint8Array): bigint[] => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return Array.from({ length: bytes.length / width }, (_, at) => (width === 8 ? view.getBigInt64(8 * at, true) : BigInt(view.getInt32(4 * at, true))));
    };

    it(`encodes like the reference with words of ${name} bits, and reads back`, () => {
      fc.assert(fc.property(aDelta(limit), fc.integer({ min: 1, max: settings.maxWeight }), (delta, weight) => {
        const q = delta.map((x) => referenceRound(x, settings.fractionBits));
        const words = encodeUpdate(delta, settings, weight);
        expect(wordsOf(words)).to.deep.equal([BigInt(weight), ...q.map((one) => one * BigInt(weight)), ...new Array<bigint>(16 / width).fill(0n)]);
        expect(readVector(words, settings, delta.length)).to.deep.equal({ weight, steps: Float64Array.from(q, Number) });
        expect(encodeUpdate(Float64Array.from(delta), settings, weight)).to.deep.equal(words);
      }));
    });

    it(`sums words of ${name} bits to the same bytes in any order, like the reference`, () => {
      const aVector = fc.uint8Array({ minLength: width * 6, maxLength: width * 6 });
      const sets = fc.array(aVector, { minLength: 1, maxLength: 7 }).chain((set) => fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length })));
      fc.assert(fc.property(sets, ([vectors, shuffled]) => {
        const total = sumVectors(vectors, settings.bits);
        expect(sumVectors(shuffled, settings.bits)).to.deep.equal(total);
        const reference = vectors.map(wordsOf).reduce((one, other) => one.map((word, at) => BigInt.asIntN(settings.bits, word + (other[at] ?? 0n))));
        expect(wordsOf(total)).to.deep.equal(reference);
      }));
    });

    it(`decodes sums of words of ${name} bits step by step as float64`, () => {
      const updates = fc.array(fc.tuple(aDelta(limit), fc.integer({ min: 1, max: settings.maxWeight })), { minLength: 1, maxLength: 3 });
      fc.assert(fc.property(updates, fc.constantFrom(1, 0.5, 0.1), fc.float({ min: -8, max: 8, noNaN: true }), (list, rate, parameter) => {
        const vectors = list.map(([delta, weight]) => encodeUpdate(delta, settings, weight));
        const base = new Float32Array(4).fill(parameter);
        const model = decodeSum(sumVectors(vectors, settings.bits), base, settings, rate, list.length);
        const totalWeight = list.reduce((total, [, weight]) => total + weight, 0);
        for (let k = 0; k < 4; k += 1) {
          const total = list.reduce((so, [delta, weight]) => so + BigInt(weight) * referenceRound(delta[k]!, settings.fractionBits), 0n);
          const mean = Number(total) / totalWeight / 2 ** settings.fractionBits;
          expect(model[k]).to.equal(Math.fround(base[k]! + rate * mean) + 0);
          expect(Object.is(model[k], -0)).to.equal(false);
        }
      }));
    });
  }

  it('takes a sum beyond 2^53 to its nearest float64, half to even', () => {
    const large: FixedPoint = { bits: 64, fractionBits: 40, clip: '8', maxWeight: 1000 };
    for (const word of [2n ** 53n + 1n, 2n ** 53n + 3n, -(2n ** 53n) - 1n, 2n ** 60n + 2n ** 7n, 2n ** 60n + 2n ** 7n + 1n, -1n, 0n]) {
      const bytes = new Uint8Array(vectorLength(64, 1));
      const view = new DataView(bytes.buffer);
      view.setBigInt64(0, 1_000_000n, true);
      view.setBigInt64(8, word, true);
      expect(decodeSum(bytes, new Float32Array(1), large, 1, 1000)[0]).to.equal(Math.fround(Number(word) / 1_000_000 / 2 ** 40) + 0);
    }
  });

  it('bounds a sum exactly, also beyond 2^53', () => {
    const large: FixedPoint = { bits: 64, fractionBits: 40, clip: '8', maxWeight: 1000 };
    const bound = 1001n * 2n ** 43n; // Q is 2^43: below 2^53 with a weight of 1001, beyond it with 3003
    for (const [weight, word, code] of [
      [1001n, bound, 'none'], [1001n, -bound, 'none'], [1001n, bound + 1n, 'SUM_OUT_OF_RANGE'], [1001n, -bound - 1n, 'SUM_OUT_OF_RANGE'],
      [3003n, 3n * bound, 'none'], [3003n, 3n * bound + 1n, 'SUM_OUT_OF_RANGE'], [3003n, -3n * bound - 1n, 'SUM_OUT_OF_RANGE'], [3003n, -(2n ** 63n), 'SUM_OUT_OF_RANGE'],
      [3n, 0n, 'none'], [2n, 0n, 'SUM_OUT_OF_RANGE'], [4000n, 0n, 'none'], [4001n, 0n, 'SUM_OUT_OF_RANGE'], [-1n, 0n, 'SUM_OUT_OF_RANGE'],
    ] as const) {
      const bytes = new Uint8Array(vectorLength(64, 1));
      const view = new DataView(bytes.buffer);
      view.setBigInt64(0, weight, true);
      view.setBigInt64(8, word, true);
      expect(codeOf(() => { checkSum(bytes, large, weight > 1000n ? 4 : 3); }), `${weight} ${word}`).to.equal(code);
    }
    for (let bit = 0; bit < 128; bit += 1) {
      const masked = sum.slice();
      masked[masked.length - 16 + (bit >> 3)] = 1 << (bit & 7);
      expect(codeOf(() => { checkSum(masked, encoding, 2); })).to.equal('SUM_OUT_OF_RANGE');
    }
    expect(codeOf(() => { checkSum(new Uint8Array(16), encoding, 1); })).to.equal('BAD_ENCODING');
  });

  it('refuses what cannot be encoded, and saturates nothing', () => {
    const edge = 8 + 0.5 / 256;
    const cases: [number[], number, string][] = [
      [[Number.NaN], 1, 'NOT_FINITE'], [[Infinity], 1, 'NOT_FINITE'], [[-Infinity], 1, 'NOT_FINITE'], [[edge], 1, 'none'], [[edge + 2 ** -20], 1, 'CLIP_EXCEEDED'],
      [[-edge - 2 ** -20], 1, 'CLIP_EXCEEDED'], [[1e300], 1, 'CLIP_EXCEEDED'], [[2 ** 52], 1, 'CLIP_EXCEEDED'], [[0], 0, 'WEIGHT_OUT_OF_RANGE'],
      [[0], 1001, 'WEIGHT_OUT_OF_RANGE'], [[0], 1.5, 'WEIGHT_OUT_OF_RANGE'], [[0], Number.NaN, 'WEIGHT_OUT_OF_RANGE'], [[], 1, 'none'],
    ];
    for (const [delta, weight, code] of cases) expect(codeOf(() => encodeUpdate(delta, encoding, weight)), `${delta.join()} ${weight}`).to.equal(code);
  });

  it('judges a vector: length, guard, weight, multiples, range', () => {
    const set = (at: number, word: bigint): Uint8Array => {
      const bytes = a.slice();
      new DataView(bytes.buffer).setBigInt64(at, word, true);
      return bytes;
    };
    expect(readVector(a, encoding, 5)).to.deep.equal({ weight: 3, steps: Float64Array.of(384, -2, 0, 2, -2048) });
    const bad = [a.subarray(8), concat(a, new Uint8Array(8)), set(48, 1n), set(56, 1n << 63n), set(0, 0n), set(0, -3n), set(0, 1001n), set(8, 1n), set(8, 6147n), set(8, -6147n), set(8, 2n ** 62n), set(8, -(2n ** 63n))];
    expect(bad.map((bytes) => codeOf(() => readVector(bytes, encoding, 5)))).to.deep.equal(bad.map(() => 'BAD_ENCODING'));
    expect(codeOf(() => readVector(set(8, 6144n), encoding, 5))).to.equal('none');
  });

  it('reads vectors at any offset in memory', () => {
    const shifted = concat(new Uint8Array(3), a).subarray(3);
    expect(readVector(shifted, encoding, 5)).to.deep.equal(readVector(a, encoding, 5));
    expect(sumVectors([shifted, shifted], 64)).to.deep.equal(sumVectors([a, a], 64));
  });

  it('does not sum nothing, nor vectors of other lengths, nor decode on another base', () => {
    expect([() => sumVectors([], 64), () => sumVectors([a, a.subarray(8)], 64), () => sumVectors([a.subarray(1)], 64), () => decodeSum(sum, new Float32Array(4), encoding, 1, 2)].map(codeOf)).to.deep.equal(new Array(4).fill('BAD_ENCODING'));
    expect(codeOf(() => decodeSum(sum, new Float32Array(5).fill(Number.NaN), encoding, 1, 2))).to.equal('NOT_FINITE');
  });

  it('keeps models in one form', () => {
    fc.assert(fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (parameters) => {
      const bytes = encodeModel(parameters);
      expect(decodeModel(bytes)).to.deep.equal(parameters.map((parameter) => parameter + 0));
      expect(encodeModel(decodeModel(bytes))).to.deep.equal(bytes);
    }));
    expect(['000000', '00000080', '0000c07f', '0000807f', '000080ff'].map((text) => codeOf(() => decodeModel(fromHex(text))))).to.deep.equal(['BAD_ENCODING', 'BAD_ENCODING', 'NOT_FINITE', 'NOT_FINITE', 'NOT_FINITE']);
    expect(codeOf(() => encodeModel(Float32Array.of(Number.NaN)))).to.equal('NOT_FINITE');
    expect(toHex(encodeModel(Float32Array.of(-0)))).to.equal('00000000');
  });
});
