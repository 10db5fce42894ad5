/** Signatures as Fabric takes them: DER, with s in the lower half of the group. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { lowS, nativeSigner } from './signer.js';

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** s of a DER signature, by its own lengths. */
function sOf(der: Uint8Array): bigint {
  const rLength = der[3] ?? 0;
  const at = 4 + rLength;
  expect([der[0], der[1], der[2], der[at]]).to.deep.equal([0x30, der.length - 2, 0x02, 0x02]);
  return BigInt(`0x${Buffer.from(der.subarray(at + 2, at + 2 + (der[at + 1] ?? 0))).toString('hex')}`);
}

const pem = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });

describe('nativeSigner', () => {
  for (const curve of ['P-256', 'P-384']) {
    it(`signs with ${curve} and SHA-256`, async () => {
      const keys = pem(curve);
      const sign = nativeSigner(keys.privateKey);
      for (let n = 0; n < 40; n++) {
        const message = Buffer.from(`message ${n}`);
        expect(verify('sha256', message, keys.publicKey, await sign(message))).to.equal(true);
      }
    });
  }

  it('always gives the lower s', async () => {
    const sign = nativeSigner(pem('P-256').privateKey);
    for (let n = 0; n < 40; n++) expect(sOf(await sign(Buffer.of(n))) <= order / 2n).to.equal(true);
  });

  it('refuses other keys', () => {
    expect(() => nativeSigner(pem('secp256k1').privateKey)).to.throw(TypeError, 'neither P-256 nor P-384');
  });

  it('encodes numbers of any size as positive integers without leading zeros', () => {
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: order - 1n }), fc.bigInt({ min: 1n, max: order - 1n }), (r, s) => {
      const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
      const der = lowS(Buffer.concat([bytes(r), bytes(s)]), order);
      expect(sOf(der)).to.equal(s > order / 2n ? order - s : s);
      const first = der[4] ?? 0;
      expect(first < 0x80 && (first !== 0 || (der[5] ?? 0) >= 0x80)).to.equal(true);
    }));
  });
});
