/** Composite signatures on the draft's vectors, in both back ends, and that each part is needed. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';

import { compositeKeyBytes, compositeMessage, compositeOid, newCompositeSigner, verifyComposite } from './composite.js';
import { concat, fromHex, toHex } from '../encoding/digest.js';
import { signatureBackend, verify, type SignatureBackend } from './ml-dsa.js';
import { codeOf } from '../testing/refusal.js';

interface Vectors {
  readonly m: string;
  readonly ctx: string;
  readonly tests: readonly { readonly pk: string; readonly sk: string; readonly s: string; readonly sWithContext: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('../../vectors/composite_mldsa65_ecdsa_p256.json', import.meta.url), 'utf8')) as Vectors;
const from64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const [message, context] = [from64(vectors.m), from64(vectors.ctx)];
const test = vectors.tests[0]!;
const [pk, sk, plain, bound] = [from64(test.pk), from64(test.sk), from64(test.s), from64(test.sWithContext)];
const backends: readonly SignatureBackend[] = signatureBackend === 'native' ? ['native', 'noble'] : ['noble'];

describe('composite signatures', () => {
  it('have M’ and sizes of the draft', () => {
    const example = compositeMessage(fromHex('00010203040506070809'), fromHex('0813061205162623'));
    expect(example).to.have.length(138);
    expect(toHex(example).endsWith('6fa20ede8d854c342f903533')).to.equal(true);
    expect([pk.length, sk.length]).to.deep.equal([compositeKeyBytes, 83]);
    expect(toHex(compositeOid)).to.equal('06082b0601050507062d');
  });

  for (const backend of backends) {
    it(`${backend} verifies the draft's signatures and no other`, () => {
      expect(verifyComposite(pk, message, plain, undefined, backend)).to.equal(true);
      expect(verifyComposite(pk, message, bound, context, backend)).to.equal(true);
      expect(verifyComposite(pk, message, plain, context, backend)).to.equal(false);
      expect(verifyComposite(pk, message, bound, undefined, backend)).to.equal(false);
      expect(verifyComposite(pk, message.subarray(1), plain, undefined, backend)).to.equal(false);
    });

    it(`${backend} has the draft's key and signs what every back end verifies`, () => {
      const signer = newCompositeSigner(sk, backend);
      expect(signer.publicKey).to.deep.equal(pk);
      for (const verifying of backends) {
        expect(verifyComposite(pk, message, signer.sign(message), undefined, verifying)).to.equal(true);
        expect(verifyComposite(pk, message, signer.sign(message, context), context, verifying)).to.equal(true);
      }
    });

    it(`${backend} needs both parts`, () => {
      const other = newCompositeSigner(concat(new Uint8Array(32), sk.subarray(32)), backend);
      const [mine, theirs] = [newCompositeSigner(sk, backend).sign(message), other.sign(message)];
      const mixedKey = concat(other.publicKey.subarray(0, 1952), pk.subarray(1952));
      expect(verifyComposite(mixedKey, message, theirs, undefined, backend)).to.equal(true);
      expect(verifyComposite(pk, message, concat(theirs.subarray(0, 3309), mine.subarray(3309)), undefined, backend), 'ML-DSA of another').to.equal(false);
      expect(verifyComposite(pk, message, concat(mine.subarray(0, 3309), newCompositeSigner(sk, backend).sign(context).subarray(3309)), undefined, backend), 'ECDSA of another').to.equal(false);
      for (const wrong of [mine.subarray(0, 3309), mine.subarray(0, -1), concat(mine, Uint8Array.of(0)), new Uint8Array()]) expect(verifyComposite(pk, message, wrong, undefined, backend)).to.equal(false);
    });
  }

  it('is no signature of a statement, nor a statement’s one of it', () => {
    expect(verify('mldsa65', pk.subarray(0, 1952), compositeMessage(message, new Uint8Array()), plain.subarray(0, 3309))).to.equal(false);
  });

  it('refuses keys and contexts that are not in order', () => {
    for (const wrong of [sk.subarray(0, 32), sk.subarray(1), concat(sk.subarray(0, 40), sk.subarray(41)), new Uint8Array()]) expect(codeOf(() => newCompositeSigner(wrong))).to.equal('BAD_KEY');
    expect(codeOf(() => newCompositeSigner(sk).sign(message, new Uint8Array(256)))).to.equal('TOO_LARGE');
    const compressed = concat(pk.subarray(0, 1952), Uint8Array.of(2), pk.subarray(1953));
    for (const key of [compressed, pk.subarray(1), concat(pk.subarray(0, 1960), new Uint8Array(57))]) expect(verifyComposite(key, message, plain)).to.equal(false);
  });
});
