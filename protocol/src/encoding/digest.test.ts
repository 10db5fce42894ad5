/** Framing and digests: published hashes, and that no two lists give the same bytes. */
import { expect } from 'chai';
import fc from 'fast-check';

import { concat, digestBytes, digestOf, frame, fromBase64Url, fromHex, sha256, sha512, toBase64Url, toHex, u32, u64, type Framed } from './digest.js';

const anItem: fc.Arbitrary<Framed> = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), fc.maxSafeNat());
const bytesOf = (item: Framed): string => toHex(typeof item === 'string' ? new TextEncoder().encode(item) : typeof item === 'number' ? u64(item) : item);

describe('digest', () => {
  it('hashes as FIPS 180 says', () => {
    const abc = new TextEncoder().encode('abc');
    expect(digestOf(abc)).to.equal('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digestBytes(digestOf(abc))).to.deep.equal(sha256(abc));
    expect(toHex(sha512(abc))).to.match(/^ddaf35a193617abacc417349ae204131/);
  });

  it('writes integers big-endian', () => {
    expect([toHex(u32(0x01020304)), toHex(u64(2 ** 53 - 1)), toHex(u64(0))]).to.deep.equal(['01020304', '001fffffffffffff', '0000000000000000']);
  });

  it('frames each item behind its length', () => {
    expect(toHex(frame('ab', new Uint8Array(), 258, Uint8Array.of(9)))).to.equal('000000026162' + '00000000' + '000000080000000000000102' + '0000000109');
    expect(frame()).to.have.length(0);
  });

  it('gives two lists the same bytes only when their items have the same bytes', () => {
    const aList = fc.array(anItem, { maxLength: 4 });
    fc.assert(fc.property(aList, aList, (one, other) => {
      expect(toHex(frame(...one)) === toHex(frame(...other))).to.equal(one.map(bytesOf).join() === other.map(bytesOf).join() && one.length === other.length);
    }), { examples: [[['a', 'bc'], ['ab', 'c']], [['a'], ['a', '']], [[''], []], [[1], [new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1])]]] });
  });

  it('reads back what it wrote in hex and base64url', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => {
      const shifted = concat(Uint8Array.of(1), bytes).subarray(1);
      expect(fromHex(toHex(shifted))).to.deep.equal(bytes);
      expect(fromBase64Url(toBase64Url(shifted))).to.deep.equal(bytes);
      expect(toBase64Url(bytes)).to.match(/^[A-Za-z0-9_-]*$/);
    }));
  });
});
