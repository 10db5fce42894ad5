/** HKDF-Expand and HMAC against OpenSSL's own HKDF and RFC 4231. */
import { hkdfSync } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';

import { toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { expand, hmacSha256, hmacSha512 } from './hkdf.js';

describe('HKDF', () => {
  it('extracts and expands as OpenSSL does', () => {
    const aKey = fc.uint8Array({ minLength: 1, maxLength: 80 });
    fc.assert(fc.property(aKey, aKey, fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 300 }), (secret, salt, info, length) => {
      expect(expand(hmacSha512(salt, secret), info, length)).to.deep.equal(new Uint8Array(hkdfSync('sha512', secret, salt, info, length)));
    }));
  });

  it('gives at least 1 and at most 255 blocks', () => {
    expect(expand(new Uint8Array(32), new Uint8Array(), 16_320)).to.have.length(16_320);
    for (const length of [0, -1, 1.5, 16_321, Number.NaN]) expect(() => expand(new Uint8Array(32), new Uint8Array(), length)).to.throw(CodedError).with.property('code', 'BAD_FIELD');
  });

  it('has the MACs of RFC 4231, test case 2', () => {
    const [key, data] = ['Jefe', 'what do ya want for nothing?'].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];
    expect(toHex(hmacSha256(key, data))).to.equal('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
    expect(toHex(hmacSha512(key, data))).to.equal('164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737');
  });
});
