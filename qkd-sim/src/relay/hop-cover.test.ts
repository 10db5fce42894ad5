/** The cover of a hop: opens under its pad only, and only unchanged. */
import { expect } from 'chai';
import fc from 'fast-check';
import { cover, padBytes, uncover } from './hop-cover.js';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const any = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.uint8Array({ maxLength: 60 })).chain(([n, about]) => fc.record({ keys: bytes(n), pad: bytes(padBytes(n)), about: fc.constant(about) }));

describe('the cover of a hop', () => {
  it('opens under the same pad', () => {
    fc.assert(fc.property(any, ({ keys, pad, about }) => {
      expect(uncover(pad, cover(pad, keys, about), about)).deep.equal(keys);
    }));
  });

  it('refuses any changed bit of ciphertext, tag, or what is said with them', () => {
    fc.assert(fc.property(any, fc.nat(), ({ keys, pad, about }, at) => {
      const { ciphertext, tag } = cover(pad, keys, about);
      const all = Buffer.concat([ciphertext, tag, about]);
      all[(at >> 3) % all.length]! ^= 1 << (at & 7);
      const [c, t] = [all.subarray(0, ciphertext.length), all.subarray(ciphertext.length, ciphertext.length + tag.length)];
      expect(uncover(pad, { ciphertext: c, tag: t }, all.subarray(ciphertext.length + tag.length))).equal(undefined);
    }));
  });

  it('refuses a pad of another length', () => {
    const pad = new Uint8Array(padBytes(32));
    expect(() => cover(pad, new Uint8Array(33), new Uint8Array())).throw(RangeError);
    expect(uncover(new Uint8Array(padBytes(33)), cover(pad, new Uint8Array(32), new Uint8Array()), new Uint8Array())).equal(undefined);
  });
});
