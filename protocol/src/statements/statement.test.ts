/** Signed bytes against the frozen vector (PROTOCOL, Appendix, 1). */
import { createHash } from 'node:crypto';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { expect } from 'chai';
import fc from 'fast-check';

import { sha256, toHex } from '../encoding/digest.js';
import { newSigner, verify } from '../crypto/ml-dsa.js';
import { signedBytes, statementDigest, STATEMENT_NAMES } from './statement.js';

const of = (digit: string): string => `sha256:${digit.repeat(64)}`;
const retraction = { epoch: 1, participant: 'HospitalA', reason: 'CONSENT_WITHDRAWN', record: of('2'), round: 7, study: of('1'), submission: of('3') };

describe('statement', () => {
  it('has the signed bytes and the digest of vector 1', () => {
    const bytes = signedBytes('retraction', retraction);
    expect(bytes).to.have.length(384);
    expect(Buffer.from(bytes).toString().startsWith('DSSEv1 41 application/vnd.epione.retraction.v1+json 328 {')).to.equal(true);
    expect(statementDigest('retraction', retraction)).to.equal('sha256:1d88db98c383bd39f2ca7e5d21b15257cf8093d71acb98457f3c33184f4b28e2');
  });

  it('has the key and the deterministic signature of vector 1', () => {
    const seed = new Uint8Array(32);
    const bytes = signedBytes('retraction', retraction);
    const { publicKey, secretKey } = ml_dsa65.keygen(seed);
    const signature = ml_dsa65.sign(bytes, secretKey, { extraEntropy: false });
    expect(toHex(sha256(publicKey))).to.equal('085ba380ff386dd52e42349c6eb88489d6058ea541a4e3fb0dce9a3fd1f7a911');
    expect(toHex(sha256(signature))).to.equal('a028dbc170a8377431e7dee2862de730f1c7e3136c96a3ae790a2e0f2eeab92f');
    expect(newSigner('mldsa65', seed).publicKey).to.deep.equal(publicKey);
    expect(verify('mldsa65', publicKey, bytes, signature)).to.equal(true);
  });

  it('has the hash function of its profile, study or record', () => {
    const long = `sha512:${'1'.repeat(128)}`;
    const wanted = `sha512:${createHash('sha512').update(signedBytes('retraction', { ...retraction, study: long })).digest('hex')}`;
    expect(statementDigest('retraction', { ...retraction, study: long })).to.equal(wanted);
    for (const [name, body] of [
      ['study', { suites: { profile: 'long-term' } }], ['participant', { signatureSuite: 'mldsa87' }], ['approval', { subject: long, record: of('2') }], ['result', { base: 'zeros', set: long }], ['consent', { record: long }],
    ] as const) expect(statementDigest(name, body), name).to.match(/^sha512:[0-9a-f]{128}$/);
    for (const [name, body] of [
      ['study', { suites: { profile: 'default' } }], ['participant', { signatureSuite: 'mldsa65' }], ['approval', { subject: of('1'), record: long }], ['result', { base: 'zeros', set: of('1') }], ['consent', { record: of('1') }],
    ] as const) expect(statementDigest(name, body), name).to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it('gives every kind of statement other bytes', () => {
    fc.assert(fc.property(fc.constantFrom(...STATEMENT_NAMES), fc.constantFrom(...STATEMENT_NAMES), (a, b) => {
      expect(statementDigest(a, retraction) === statementDigest(b, retraction)).to.equal(a === b);
    }));
  });
});
