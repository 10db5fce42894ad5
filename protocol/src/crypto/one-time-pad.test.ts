/** The one-time pad and its MAC: RFC 8439's tags, OpenSSL's Poly1305 behind ChaCha20, and what must not open. */
import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';

import { concat, frame, fromHex, toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { openPad, padKeyBytes, sealPad } from './one-time-pad.js';
import { poly1305 } from './poly1305.js';
import { codeOf } from '../testing/refusal.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);
const context = new TextEncoder().encode('a share');

/** RFC 8439, section 2.8: the tag is Poly1305 over the padded ciphertext and its lengths, its key the first block of ChaCha20. */
function opensslTag(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): { tag: Uint8Array; oneTimeKey: Uint8Array; message: Uint8Array } {
  const aead = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  const ciphertext = new Uint8Array(Buffer.concat([aead.update(plaintext), aead.final()]));
  const oneTimeKey = new Uint8Array(createCipheriv('chacha20', key, concat(new Uint8Array(4), nonce)).update(new Uint8Array(32)));
  const lengths = new Uint8Array(16);
  new DataView(lengths.buffer).setUint32(8, ciphertext.length, true);
  return { tag: new Uint8Array(aead.getAuthTag()), oneTimeKey, message: concat(ciphertext, new Uint8Array((16 - (ciphertext.length % 16)) % 16), lengths) };
}

describe('Poly1305', () => {
  it('has the tag of RFC 8439, section 2.5.2, and of its vectors that wrap around the prime', () => {
    const message = new TextEncoder().encode('Cryptographic Forum Research Group');
    expect(toHex(poly1305(fromHex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b'), message))).to.equal('a8061dc1305136c6c22b8baf0c0127a9');
    const [zero, ff] = ['00'.repeat(16), 'ff'.repeat(16)];
    for (const [r, s, text, tag] of [
      ['02', zero, ff, '03'], ['02', ff, '02'.padEnd(32, '0'), '03'], ['01', zero, `${ff}f0${'ff'.repeat(15)}11`.padEnd(96, '0'), '05'],
      ['01', zero, `${ff}fb${'fe'.repeat(15)}${'01'.repeat(16)}`, '00'], ['02', zero, `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
    ] as const) expect(toHex(poly1305(fromHex(r.padEnd(32, '0') + s), fromHex(text))), tag).to.equal(tag.padEnd(32, '0'));
  });

  it('is the one inside OpenSSL’s ChaCha20-Poly1305', () => {
    const words = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(fc.property(words(32), words(12), fc.uint8Array({ maxLength: 200 }), (key, nonce, plaintext) => {
      const { tag, oneTimeKey, message } = opensslTag(key, nonce, plaintext);
      expect(toHex(poly1305(oneTimeKey, message))).to.equal(toHex(tag));
    }), { numRuns: 300 });
  });
});

describe('one-time pad', () => {
  it('is the plaintext under the key, and Poly1305 over context and ciphertext', () => {
    const [plaintext, key] = [bytes(1, 32), bytes(100, 64)];
    const sealed = sealPad(key, context, plaintext);
    expect(sealed.subarray(0, 32)).to.deep.equal(plaintext.map((byte, at) => byte ^ (100 + at)));
    expect(sealed.subarray(32)).to.deep.equal(poly1305(key.subarray(32), frame(context, sealed.subarray(0, 32))));
  });

  it('opens what it sealed, from nothing to 4,096 bytes', () => {
    for (const length of [0, 1, 16, 4096]) {
      const key = bytes(5, padKeyBytes(length));
      const sealed = sealPad(key, context, bytes(0, length));
      expect(sealed).to.have.length(length + 16);
      expect(openPad(key, context, sealed)).to.deep.equal(bytes(0, length));
    }
  });

  it('opens nothing when any one bit of it, its key or its context is another', () => {
    const key = bytes(5, 72);
    const sealed = sealPad(key, context, bytes(0, 40));
    const flipped = (data: Uint8Array, bit: number): Uint8Array => data.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    // RFC 8439 clears 22 bits of r, so those of the key's MAC half may differ; the pad's half decides what comes out.
    for (let bit = 0; bit < sealed.length * 8; bit++) expect(codeOf(() => openPad(key, context, flipped(sealed, bit)))).to.equal('UNOPENABLE');
    for (let bit = 0; bit < context.length * 8; bit++) expect(codeOf(() => openPad(key, flipped(context, bit), sealed))).to.equal('UNOPENABLE');
    for (let bit = 56 * 8; bit < 72 * 8; bit++) expect(codeOf(() => openPad(flipped(key, bit), context, sealed))).to.equal('UNOPENABLE');
    for (const wrong of [sealed.subarray(1), concat(sealed, Uint8Array.of(0)), sealed.subarray(0, 15), new Uint8Array()]) expect(codeOf(() => openPad(key, context, wrong))).to.equal('UNOPENABLE');
    expect(codeOf(() => openPad(key.subarray(1), context, sealed))).to.equal('UNOPENABLE');
  });

  it('refuses what is too much, with the arithmetic, and keys that do not fit', () => {
    const refusal = (length: number): string => {
      try {
        sealPad(new Uint8Array(length > 4096 ? 0 : padKeyBytes(length)), context, new Uint8Array(length));
        return '';
      } catch (error) {
        expect((error as CodedError).code).to.equal('TOO_LARGE');
        return (error as Error).message;
      }
    };
    expect(refusal(4096)).to.equal('');
    expect(refusal(4097)).to.equal('a one-time pad takes at most 4096 bytes: 4097 bytes would use (4097 + 32) * 8 = 33032 bits of QKD key, 1 min of a link of 10 kb/s');
    expect(refusal(100_000_000)).to.include('(100000000 + 32) * 8 = 800000256 bits of QKD key, 23 h of a link');
    for (const length of [63, 65, 0]) expect(codeOf(() => sealPad(bytes(0, length), context, new Uint8Array(32)))).to.equal('BAD_KEY');
  });
});
