/** ML-DSA on published vectors, in both back ends: they must agree with the vectors and so with each other. */
import { readFileSync } from 'node:fs';
import { ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import { expect } from 'chai';
import fc from 'fast-check';

import { fromHex, sha256, toHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { newSigner, signatureBackend, signatureLengths, verify, verifyWith, type SignatureBackend, type SignatureSuite } from './ml-dsa.js';
import { signatureSuite } from './suites.js';

interface Vectors {
  readonly testGroups: readonly { readonly publicKey: string; readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly msg: string; readonly sig: string; readonly result: string }[] }[];
}
const read = (name: string): Vectors => JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8')) as Vectors;

/** All back ends that this runtime has. */
const backends: readonly SignatureBackend[] = signatureBackend === 'native' ? ['native', 'noble'] : ['noble'];
const seed = Uint8Array.from({ length: 32 }, (_, at) => at);
const message = new TextEncoder().encode('a statement');

describe('ML-DSA', () => {
  it('is native where the runtime has raw keys', () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    expect(signatureBackend).to.equal(major > 24 || (major === 24 && minor >= 15) ? 'native' : 'noble');
  });

  for (const [suite, file, count] of [['mldsa65', 'mldsa_65_verify.json', 70], ['mldsa87', 'mldsa_87_verify.json', 64]] as const) {
    for (const backend of backends) {
      it(`${backend} ${suite} agrees with the published vectors, must-fail ones too`, () => {
        let tests = 0;
        for (const { publicKey, tests: group } of read(file).testGroups) {
          for (const { tcId, comment, msg, sig, result } of group) {
            tests += 1;
            expect(verifyWith(backend, suite, fromHex(publicKey), fromHex(msg), fromHex(sig)), `${tcId} ${comment}`).to.equal(result === 'valid');
          }
        }
        expect(tests).to.equal(count);
      });
    }
  }

  it('derives the keys of the zero seed in every back end', () => {
    const known: Record<SignatureSuite, string> = { mldsa65: '085ba380ff386dd52e42349c6eb88489d6058ea541a4e3fb0dce9a3fd1f7a911', mldsa87: toHex(sha256(ml_dsa87.keygen(new Uint8Array(32)).publicKey)) };
    expect(known.mldsa87.slice(0, 8)).to.equal('1d4a4617');
    for (const suite of signatureSuite.options) for (const backend of backends) expect(toHex(sha256(newSigner(suite, new Uint8Array(32), backend).publicKey))).to.equal(known[suite]);
  });

  for (const suite of signatureSuite.options) {
    it(`${suite} signed by one back end verifies in all`, () => {
      for (const signing of backends) {
        const signer = newSigner(suite, seed, signing);
        const signature = signer.sign(message);
        expect([signer.publicKey.length, signature.length]).to.deep.equal([signatureLengths[suite].publicKey, signatureLengths[suite].signature]);
        expect(signer.sign(message), 'hedged').to.not.deep.equal(signature);
        for (const verifying of backends) expect(verifyWith(verifying, suite, signer.publicKey, message, signature), `${signing} ${verifying}`).to.equal(true);
      }
    });
  }

  it('is false for any changed bit of message, signature or key, in all back ends alike', () => {
    const signer = newSigner('mldsa65', seed);
    const signature = signer.sign(message);
    const flip = (data: Uint8Array, bit: number): Uint8Array => data.map((byte, at) => (at === (bit >> 3) % data.length ? byte ^ (1 << (bit & 7)) : byte));
    fc.assert(fc.property(fc.nat(3309 * 8 - 1), (bit) => {
      for (const backend of backends) {
        expect(verifyWith(backend, 'mldsa65', signer.publicKey, message, flip(signature, bit))).to.equal(false);
        expect(verifyWith(backend, 'mldsa65', signer.publicKey, flip(message, bit), signature)).to.equal(false);
        expect(verifyWith(backend, 'mldsa65', flip(signer.publicKey, bit), message, signature)).to.equal(false);
      }
    }), { numRuns: 30 });
  });

  it('answers false, and never throws, for garbage of any length and for unknown suites', () => {
    const signer = newSigner('mldsa65', seed);
    const signature = signer.sign(message);
    fc.assert(fc.property(fc.constantFrom(...backends), fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 64 }), (backend, key, garbage) => {
      expect(verifyWith(backend, 'mldsa65', key, message, signature)).to.equal(false);
      expect(verifyWith(backend, 'mldsa65', signer.publicKey, message, garbage)).to.equal(false);
      expect(verifyWith(backend, 'mldsa87', signer.publicKey, message, signature)).to.equal(false);
    }));
    for (const name of ['mldsa44', '', 'constructor', '__proto__']) expect(verify(name as SignatureSuite, signer.publicKey, message, signature)).to.equal(false);
  });

  it('refuses a seed of another length', () => {
    for (const backend of backends) for (const length of [0, 31, 33, 64]) {
      expect(() => newSigner('mldsa65', new Uint8Array(length), backend)).to.throw(CodedError).with.property('code', 'BAD_KEY');
    }
  });
});
