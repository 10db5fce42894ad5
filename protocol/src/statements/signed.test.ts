/** Signed arguments: the bytes that were read are the bytes that were signed, and base64url has one spelling. */
import { expect } from 'chai';
import fc from 'fast-check';
import { encodeCanonical } from '../encoding/canonical-json.js';
import { base64url } from '../encoding/fields.js';
import { newSigner } from '../crypto/ml-dsa.js';
import type { ParticipantRecord } from './participant.js';
import { assertReadSignedBy, assertSignedBy, encodeSigned, readSigned, sign } from './signed.js';
import { signedBytes, statementDigest } from './statement.js';
import { retraction } from './submission.js';
import { toBase64Url } from '../encoding/digest.js';
import { codeOf } from '../testing/refusal.js';

const of = (digit: string): string => `sha256:${digit.repeat(64)}`;
const statement = { epoch: 1, participant: 'HospitalA', reason: 'CONSENT_WITHDRAWN', record: of('2'), round: 7, study: of('1'), submission: of('3') };
const signer = newSigner('mldsa65', new Uint8Array(32));
const record = { mspId: 'HospitalA', signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey) } as ParticipantRecord;

describe('signed statement', () => {
  const signed = sign('retraction', statement, signer);

  it('is read with the bytes that its signature is over', () => {
    const read = readSigned('retraction', retraction, encodeSigned(signed));
    expect(read.signedBytes).to.deep.equal(signedBytes('retraction', statement));
    expect(read.digest).to.equal(statementDigest('retraction', statement));
    assertReadSignedBy('retraction', read, record);
    assertSignedBy('retraction', read, record);
  });

  it('is refused when a field differs from what was signed', () => {
    const read = readSigned('retraction', retraction, encodeCanonical({ signature: signed.signature, statement: { ...statement, round: 8 } }));
    expect(codeOf(() => { assertReadSignedBy('retraction', read, record); })).to.equal('BAD_SIGNATURE');
    expect(codeOf(() => { assertSignedBy('retraction', read, record); })).to.equal('BAD_SIGNATURE');
  });

  it('is refused when it names a part of its study by another hash function', () => {
    const long = (digit: string): string => `sha512:${digit.repeat(128)}`;
    const read = (changes: object): string => codeOf(() => readSigned('retraction', retraction, encodeCanonical({ signature: signed.signature, statement: { ...statement, ...changes } })));
    expect(read({ submission: long('3') })).to.equal('BAD_FIELD');
    expect(read({ study: long('1') })).to.equal('BAD_FIELD');
    expect(read({ study: long('1'), submission: long('3') })).to.equal('none');
    expect(read({ record: long('2') })).to.equal('none'); // a record has a profile of its own
  });
});

describe('base64url', () => {
  it('is accepted in the one spelling that its bytes are written in', () => {
    const text = fc.string({ unit: fc.integer({ min: 0, max: 63 }).map((at) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.charAt(at)), minLength: 1, maxLength: 12 });
    fc.assert(fc.property(text, (value) => {
      expect(base64url.safeParse(value).success).to.equal(Buffer.from(value, 'base64url').toString('base64url') === value);
    }), { numRuns: 1000, examples: [['A'], ['AA'], ['AB'], ['AAA'], ['AAB'], ['AAAA'], ['AAAAA']] });
    for (const value of ['', 'AA==', 'A+AA', 'A/AA', 'AAA\n', 'A'.repeat(8193)]) expect(base64url.safeParse(value).success, value).to.equal(false);
  });
});
