/** Masks: the published values of PROTOCOL, vector 4; sums cancel; a word-by-word reference agrees. */
import { createCipheriv } from 'node:crypto';

import { expect } from 'chai';
import fc from 'fast-check';

import { concat, fromHex, toHex } from '../encoding/digest.js';
import { sumVectors } from '../fixed-point.js';
import { codeOf } from '../testing/refusal.js';
import { applyMasks, type Mask } from './masks.js';
import { signOf } from './roster.js';

const s = fromHex('a7439e5c9622cb866be6d956d0c05cc1f4e174dc10ad0c1f55de8fd85baf4316');
const guard = new Uint8Array(16);
const a = concat(fromHex('03000000000000008004000000000000faffffffffffffff0000000000000000060000000000000000e8ffffffffffff'), guard);

/** The same, written plainly with BigInts. */
function reference(vector: Uint8Array, bits: 32 | 64, masks: readonly (Mask & { seed: Uint8Array })[]): Uint8Array {
  const result = Buffer.from(vector);
  for (const { seed, sign } of masks) {
    const stream = createCipheriv('aes-256-ctr', seed, new Uint8Array(16)).update(new Uint8Array(vector.length));
    for (let at = 0; at < vector.length; at += bits / 8) {
      if (bits === 32) result.writeUInt32LE(Number(BigInt.asUintN(32, BigInt(result.readUInt32LE(at)) + BigInt(sign) * BigInt(stream.readUInt32LE(at)))), at);
      else result.writeBigUInt64LE(BigInt.asUintN(64, result.readBigUInt64LE(at) + BigInt(sign) * stream.readBigUInt64LE(at)), at);
    }
  }
  return new Uint8Array(result);
}

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const masks = fc.array(fc.record({ seed, sign: fc.constantFrom(1 as const, -1 as const) }), { maxLength: 4 });

describe('masks', () => {
  it('give the values of PROTOCOL, vector 4', () => {
    expect(toHex(applyMasks(new Uint8Array(a.length), 64, [{ seed: s, sign: 1 }]))).to.equal('de1c456e989f9c619c000fd1c08c61bc40f65165216fbfe9abccde9203e63a5e7be115c91adeb8d7c3b204070fad07892759cd15d606f2b0608bb688534b75e9');
    expect(toHex(applyMasks(a, 64, [{ seed: s, sign: signOf('HospitalA', 'HospitalB') }]))).to.equal('e11c456e989f9c611c050fd1c08c61bc3af65165216fbfe9abccde9203e63a5e81e115c91adeb8d7c39a04070fad07892759cd15d606f2b0608bb688534b75e9');
    const sum = fromHex('0400000000000000c004000000000000faffffffffffffff0000000000000000060000000000000000f0ffffffffffff');
    const b = fromHex('23e3ba916760639ea4fff02e3f739e43c009ae9ade9040165533216dfc19c5a1851eea36e52147283d55fbf8f052f876d9a632ea29f90d4fa0744977acb48a16');
    expect(toHex(sumVectors([applyMasks(a, 64, [{ seed: s, sign: 1 }]), b], 64))).to.equal(toHex(concat(sum, guard)));
  });

  it('are words modulo 2^m, as a plain reference says', () => {
    fc.assert(fc.property(fc.constantFrom(32 as const, 64 as const), fc.integer({ min: 1, max: 9000 }), seed, masks, (bits, words, fill, chosen) => {
      const vector = applyMasks(new Uint8Array(words * 8), bits, [{ seed: fill, sign: 1 }]);
      expect(toHex(applyMasks(vector, bits, chosen))).to.equal(toHex(reference(vector, bits, chosen)));
    }), { numRuns: 40 });
  });

  it('come off again, and cancel between the two of a pair', () => {
    fc.assert(fc.property(fc.constantFrom(32 as const, 64 as const), masks, (bits, chosen) => {
      const off = chosen.map((mask) => ({ ...mask, sign: mask.sign === 1 ? (-1 as const) : (1 as const) }));
      expect(toHex(applyMasks(applyMasks(a, bits, chosen), bits, off))).to.equal(toHex(a));
      expect(toHex(sumVectors([applyMasks(a, bits, chosen), applyMasks(a, bits, off)], bits))).to.equal(toHex(sumVectors([a, a], bits)));
    }));
    expect([signOf('HospitalA', 'HospitalB'), signOf('HospitalB', 'HospitalA'), signOf('Z', 'a')]).to.deep.equal([1, -1, 1]);
  });

  it('of given words are added and taken away as those of a seed are', () => {
    fc.assert(fc.property(fc.constantFrom(32 as const, 64 as const), seed, fc.constantFrom(1 as const, -1 as const), (bits, from, sign) => {
      const words = applyMasks(new Uint8Array(a.length), bits, [{ seed: from, sign: 1 }]); // G(seed) itself
      expect(toHex(applyMasks(a, bits, [{ words, sign }]))).to.equal(toHex(applyMasks(a, bits, [{ seed: from, sign }])));
    }));
    expect(codeOf(() => applyMasks(a, 64, [{ words: a.subarray(8), sign: 1 }]))).to.equal('BAD_KEY');
  });

  it('are refused for seeds of another length and vectors of no whole words', () => {
    expect(codeOf(() => applyMasks(a, 64, [{ seed: new Uint8Array(16), sign: 1 }]))).to.equal('BAD_KEY');
    expect(codeOf(() => applyMasks(a.subarray(1), 64, []))).to.equal('BAD_ENCODING');
  });
});
