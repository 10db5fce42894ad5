/** The consent set: the frozen vector (PROTOCOL, Appendix, 5), and proofs of what is in it and what is not. */
import { expect } from 'chai';
import fc from 'fast-check';

import { consentCommitment, consentRef, proveConsent, provesConsent, provesNoConsent, subjectKey, type ConsentProof } from './consent-set.js';
import { concat, sha256, toHex, u64, type Digest } from './encoding/digest.js';
import { CodedError } from './error.js';
import { treeRoot } from './tlog/merkle.js';

const study: Digest = `sha256:${'1'.repeat(64)}`;
const secret = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => from + at);
const three = [consentRef(subjectKey(secret(0x00), study), 'c-1'), consentRef(subjectKey(secret(0x20), study), 'c-2'), consentRef(subjectKey(secret(0x40), study), 'c-3')];

const aRef = fc.uint8Array({ minLength: 32, maxLength: 32 });
const aSet = fc.uniqueArray(aRef, { minLength: 1, maxLength: 20, selector: toHex });

describe('consent set', () => {
  it('has ref, root and commitment of vector 5', () => {
    expect(toHex(three[0]!)).to.equal('32c546d4a9955ba37f043cdd00e3b5582b65ab7e6ecb2f3c059b244a46248a95');
    const ascending = three.map(toHex).sort().map((text) => new Uint8Array(Buffer.from(text, 'hex')));
    expect(toHex(treeRoot(sha256, ascending))).to.equal('c6dbcd3ebe3eddc27a69c385a544f1b5032424840a8650f2e428766307278a16');
    expect(toHex(consentCommitment(three))).to.equal('281b4eb665ba4a24ae43fb51d2ac543337b4d8bf3722c83d51445881e1d7b3f0');
  });

  it('does not depend on the order of the persons', () => {
    fc.assert(fc.property(aSet.chain((set) => fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length }))), ([set, shuffled]) => {
      expect(consentCommitment(shuffled)).to.deep.equal(consentCommitment(set));
    }));
  });

  it('proves every ref that is in, and no other', () => {
    fc.assert(fc.property(aSet, aRef, (set, other) => {
      const commitment = consentCommitment(set);
      for (const ref of set) {
        const proof = proveConsent(set, ref);
        expect(provesConsent(commitment, ref, proof)).to.equal(true);
        expect(provesNoConsent(commitment, ref, proof)).to.equal(false);
        expect(provesConsent(commitment, other, proof)).to.equal(toHex(other) === toHex(ref));
      }
    }));
  });

  it('proves that a ref is not in, below, above and between the leaves', () => {
    fc.assert(fc.property(aSet, aRef, (set, ref) => {
      fc.pre(!set.some((one) => toHex(one) === toHex(ref)));
      const commitment = consentCommitment(set);
      for (const absent of [ref, new Uint8Array(32), new Uint8Array(32).fill(255)]) {
        const proof = proveConsent(set, absent);
        expect(provesNoConsent(commitment, absent, proof)).to.equal(!set.some((one) => toHex(one) === toHex(absent)));
        expect(provesConsent(commitment, ref, proof)).to.equal(false);
      }
    }));
  });

  it('does not let neighbours that are none hide a ref', () => {
    fc.assert(fc.property(fc.uniqueArray(aRef, { minLength: 3, maxLength: 9, selector: toHex }), (set) => {
      const sorted = set.map(toHex).sort().map((text) => new Uint8Array(Buffer.from(text, 'hex')));
      const [low, hidden, high] = sorted as [Uint8Array, Uint8Array, Uint8Array];
      const [before, after] = [proveConsent(set, low).leaves[0]!, proveConsent(set, high).leaves[0]!];
      const commitment = consentCommitment(set);
      const forged: ConsentProof[] = [
        { size: set.length, leaves: [before, after] },
        { size: set.length, leaves: [before, { ...after, index: 1 }] },
        { size: set.length, leaves: [before] },
        { size: set.length, leaves: [after] },
        { size: set.length, leaves: [] },
        { size: 1, leaves: [before] },
      ];
      for (const proof of forged) expect(provesNoConsent(commitment, hidden, proof)).to.equal(false);
    }));
  });

  it('hides the number of persons: the same root with another size is another commitment', () => {
    const root = treeRoot(sha256, [three[0]!]);
    expect(consentCommitment([three[0]!])).to.deep.equal(sha256(concat(Uint8Array.of(2), u64(1), root)));
    expect(consentCommitment([three[0]!])).to.not.deep.equal(sha256(concat(Uint8Array.of(2), u64(2), root)));
  });

  it('is not linkable across studies, patients and consents', () => {
    const key = subjectKey(secret(0), study);
    const refs = [consentRef(key, 'c-1'), consentRef(key, 'c-2'), consentRef(subjectKey(secret(1), study), 'c-1'), consentRef(subjectKey(secret(0), `sha256:${'2'.repeat(64)}`), 'c-1')];
    expect(new Set(refs.map(toHex)).size).to.equal(4);
  });

  it('refuses an empty set, a ref twice and a ref of another length', () => {
    for (const [refs, code] of [[[], 'CONSENT_EMPTY'], [[three[0]!, three[0]!], 'BAD_FIELD'], [[new Uint8Array(31)], 'BAD_FIELD'], [[new Uint8Array()], 'BAD_FIELD']] as const) {
      expect(() => consentCommitment(refs)).to.throw(CodedError).with.property('code', code);
    }
  });
});
