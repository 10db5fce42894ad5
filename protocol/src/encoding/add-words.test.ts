// Sums of words modulo 2^m against BigInt, carries and borrows included.
import { expect } from 'chai';
import fc from 'fast-check';
import { addWords } from './add-words.js';

describe('words modulo 2^m', () => {
  for (const bits of [32, 64] as const) {
    const bytesOf = (words: readonly bigint[]): Uint8Array => {
      const view = new DataView(new ArrayBuffer(3 + (words.length * bits) / 8), 3); // at a place that no word array could lie at
      words.forEach((word, k) => {
        if (bits === 64) view.setBigUint64(8 * k, word, true);
        else view.setUint32(4 * k, Number(word), true);
      });
      return new Uint8Array(view.buffer, 3);
    };
    const edge = 2n ** BigInt(bits) - 1n;
    const word = fc.oneof(fc.constantFrom(0n, 1n, edge, (edge >> 1n), (edge >> 1n) + 1n, 0xffffffffn), fc.bigInt({ min: 0n, max: edge }));

    it(`of ${bits} bits are added and taken away, from a place on`, () => {
      fc.assert(fc.property(fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 5 }), fc.constantFrom(1 as const, -1 as const), (pairs, sign) => {
        const words = bytesOf([7n, ...pairs.map(([left]) => left)]);
        addWords(words, bits / 8, bytesOf(pairs.map(([, right]) => right)), bits, sign);
        expect(words).to.deep.equal(bytesOf([7n, ...pairs.map(([left, right]) => BigInt.asUintN(bits, left + BigInt(sign) * right))]));
      }));
    });

    it(`of ${bits} bits are not added beyond a vector's end`, () => {
      expect(() => { addWords(bytesOf([1n]), 0, bytesOf([1n, 1n]), bits, 1); }).to.throw(RangeError);
    });
  }
});
