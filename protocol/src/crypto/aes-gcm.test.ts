/** What Node's AES-GCM leaves open, and that ours does not. */
import { createCipheriv, createDecipheriv } from 'node:crypto';

import { expect } from 'chai';
import fc from 'fast-check';

import { GCM, gcmKey, openGcm, sealGcm } from './aes-gcm.js';
import { codeOf } from '../testing/refusal.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at * 7);
const key = gcmKey(bytes(1, 32));
const nonce = bytes(2, 12);
const message = bytes(3, 100);
const aad = bytes(4, 20);
const seal = (): Uint8Array => sealGcm(key, nonce, message, new Uint8Array(116));
/** Opens into a marked place, and says whether the mark is still there. */
const opened = (sealed: Uint8Array, n = nonce, k = key, a?: Uint8Array): [string, boolean] => {
  const into = new Uint8Array(200).fill(0xee);
  return [codeOf(() => openGcm(k, n, sealed, into, a)), into.every((byte) => byte === 0xee)];
};
const refused: [string, boolean] = ['UNOPENABLE', true];

describe('AES-256-GCM', () => {
  it('is what OpenSSL makes of it in one go', () => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad);
    const expected = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()]);
    expect(Buffer.from(sealGcm(key, nonce, message, new Uint8Array(116), aad)).equals(expected)).to.equal(true);
    expect(openGcm(key, nonce, expected, new Uint8Array(100), aad)).to.deep.equal(message);
    expect(openGcm(key, nonce, sealGcm(key, nonce, new Uint8Array(), new Uint8Array(16)), new Uint8Array())).to.deep.equal(new Uint8Array());
  });

  it('takes no tag but one of 16 bytes, where Node takes the first 4 of it', () => {
    const sealed = seal();
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(sealed.subarray(100, 104));
    expect(Buffer.concat([decipher.update(sealed.subarray(0, 100)), decipher.final()]).equals(message)).to.equal(true);
    for (let tag = 0; tag < 16; tag += 1) expect(opened(sealed.subarray(0, 100 + tag))).to.deep.equal(refused);
    for (let length = 0; length < 16; length += 1) expect(opened(sealed.subarray(0, length))).to.deep.equal(refused);
  });

  it('takes no nonce but one of 12 bytes, where Node takes 8', () => {
    expect(() => createCipheriv('aes-256-gcm', key, bytes(2, 8))).to.not.throw();
    const sealed = seal();
    for (const length of [0, 1, 8, 11, 13, 16]) {
      expect(codeOf(() => sealGcm(key, bytes(2, length), message, new Uint8Array(116)))).to.equal('BAD_FIELD');
      expect(opened(sealed, bytes(2, length))).to.deep.equal(refused);
    }
  });

  it('gives no plaintext before its tag was checked, where Node\'s update() does', () => {
    const sealed = seal();
    sealed[115]! ^= 1;
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAuthTag(sealed.subarray(100));
    expect(decipher.update(sealed.subarray(0, 100)).equals(message)).to.equal(true);
    expect(opened(sealed)).to.deep.equal(refused);
  });

  it('releases nothing when any one bit is another, of message, tag, key, nonce or bound bytes', () => {
    const sealed = sealGcm(key, nonce, message, new Uint8Array(116), aad);
    const flipped = (of: Uint8Array, bit: number): Uint8Array => of.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) expect(opened(flipped(sealed, bit), nonce, key, aad)).to.deep.equal(refused);
    for (let bit = 0; bit < 96; bit += 1) expect(opened(sealed, flipped(nonce, bit), key, aad)).to.deep.equal(refused);
    for (let bit = 0; bit < 256; bit += 1) expect(opened(sealed, nonce, gcmKey(flipped(bytes(1, 32), bit)), aad)).to.deep.equal(refused);
    for (const other of [undefined, new Uint8Array(), flipped(aad, 0), aad.subarray(1)]) expect(opened(sealed, nonce, key, other)).to.deep.equal(refused);
  });

  it('refuses a message that is too long before any work, where Node fails in the midst of it', () => {
    const long = new Uint8Array(2 ** 31);
    expect(() => createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).update(long)).to.throw().with.property('code', 'ERR_OUT_OF_RANGE');
    for (const length of [GCM.messageBytes + 1, 2 ** 31]) {
      expect(codeOf(() => sealGcm(key, nonce, long.subarray(0, length), new Uint8Array(2 ** 31 + 16)))).to.equal('TOO_LARGE');
      expect(codeOf(() => openGcm(key, nonce, long.subarray(0, length + 16), new Uint8Array(2 ** 31)))).to.equal('UNOPENABLE');
    }
  });

  it('refuses keys of other lengths and places that are too small', () => {
    for (const length of [0, 16, 24, 31, 33]) expect(codeOf(() => gcmKey(new Uint8Array(length)))).to.equal('BAD_KEY');
    expect(codeOf(() => sealGcm(key, nonce, message, new Uint8Array(115)))).to.equal('BAD_FIELD');
    expect(codeOf(() => openGcm(key, nonce, seal(), new Uint8Array(99)))).to.equal('UNOPENABLE');
  });

  it('touches neither message nor sealed bytes, nor what lies beside the place', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (text) => {
      const into = new Uint8Array(400).fill(0xee);
      const before = text.slice();
      const sealed = sealGcm(key, nonce, text, into.subarray(10));
      expect(openGcm(key, nonce, sealed, new Uint8Array(text.length))).to.deep.equal(before);
      expect(text).to.deep.equal(before);
      expect([...into.subarray(0, 10), ...into.subarray(26 + text.length)].every((byte) => byte === 0xee)).to.equal(true);
    }), { numRuns: 50 });
  });
});
