// Forgery by each who does not hold the whole key, repudiation by the signer, and transfer: receiver and arbiter always judge alike.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { fromBase64Url, toBase64Url } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import {
  documentOf, DOCUMENT_BYTES, isGenuineDelivery, isGenuineJudgement, isGenuineTransfer, isQuantumSigned, judge, makeTransfer, quantumSign,
  readJudgement, readQuantumSignature, readTransfer, type OneTimeKey, type QuantumSignature,
} from './quantum-signature.js';

const three = { signer: 'sae-a', receiver: 'sae-b', arbiter: 'sae-c' };
const key = (id: string): OneTimeKey => ({ id, bytes: new Uint8Array(randomBytes(32)) });
const text = new TextEncoder();
const withBytes = (encoded: string, change: (bytes: Uint8Array) => void): string => {
  const bytes = fromBase64Url(encoded);
  change(bytes);
  return toBase64Url(bytes);
};

interface Signing {
  readonly receiverKey: OneTimeKey;
  readonly arbiterKey: OneTimeKey;
  readonly tagKey: OneTimeKey;
  readonly signed: QuantumSignature;
}
const sign = (document = 'end the study'): Signing => {
  const keys = { receiverKey: key('b-1'), arbiterKey: key('c-1'), tagKey: key('b-2') };
  return { ...keys, signed: quantumSign(three, keys, text.encode(document)) };
};

describe('quantum digital signatures', () => {
  it('are accepted by receiver and arbiter, over tagged messages', () => {
    const { receiverKey, arbiterKey, tagKey, signed } = sign();
    expect(isGenuineDelivery(signed, tagKey.bytes)).equal(true);
    const [there, back] = [key('t-1'), key('t-2')];
    const transfer = readTransfer(JSON.parse(JSON.stringify(makeTransfer(readQuantumSignature(signed), receiverKey.bytes, there))));
    expect(isGenuineTransfer(transfer, there.bytes)).equal(true);
    const judgement = readJudgement(JSON.parse(JSON.stringify(judge(transfer, arbiterKey.bytes, back))));
    expect(judgement.valid).equal(true);
    expect(isGenuineJudgement(judgement, back.bytes)).equal(true);
    expect(isQuantumSigned(signed, receiverKey.bytes, fromBase64Url(judgement.share))).equal(true);
    expect(Buffer.from(documentOf(signed)).toString()).equal('end the study');
  });

  it('forgery: the receiver, who holds one part and a good signature, fits it to no other document', () => {
    const changes = fc.record({ document: fc.uint8Array({ maxLength: 40 }), pattern: fc.uint8Array({ minLength: 16, maxLength: 16 }), guess: fc.uint8Array({ minLength: 32, maxLength: 32 }) });
    fc.assert(fc.property(changes, ({ document, pattern, guess }) => {
      const { receiverKey, arbiterKey, tagKey, signed } = sign();
      const changed = { ...signed, document: toBase64Url(document) };
      fc.pre(changed.document !== signed.document);
      const shifted = withBytes(signed.signature, (bytes) => { bytes.forEach((byte, at) => { bytes[at] = byte ^ (pattern[at] ?? 0); }); });
      const guessed = quantumSign(three, { receiverKey, arbiterKey: { id: arbiterKey.id, bytes: guess }, tagKey }, document);
      for (const forged of [changed, { ...changed, signature: shifted }, guessed]) {
        expect(isQuantumSigned(forged, receiverKey.bytes, arbiterKey.bytes)).equal(false);
        // It names its part of the key itself, and may name another.
        expect(isQuantumSigned(forged, guess, arbiterKey.bytes)).equal(false);
      }
    }), { numRuns: 40 });
  });

  it('forgery: the arbiter, who answers last and may name any part of the key, puts no document in the place of the sent one', () => {
    const { tagKey, signed } = sign();
    const flip = (bytes: Uint8Array): void => { bytes[0]! ^= 1; };
    const changes: Partial<QuantumSignature>[] = [
      { document: withBytes(signed.document, flip) }, { signature: withBytes(signed.signature, flip) }, { tag: withBytes(signed.tag, flip) },
      { signer: 'sae-x' }, { arbiter: 'sae-x' }, { receiverKey: 'b-9' }, { arbiterKey: 'c-9' }, { tagKey: 'b-9' },
    ];
    for (const change of changes) expect(isGenuineDelivery({ ...signed, ...change }, tagKey.bytes)).equal(false);
  });

  it('forgery: another name for a party or a key is another signature', () => {
    const { receiverKey, arbiterKey, signed } = sign();
    const others: Partial<QuantumSignature>[] = [{ signer: 'sae-x' }, { receiver: 'sae-x' }, { arbiter: 'sae-x' }, { receiverKey: 'b-2' }, { arbiterKey: 'c-2' }];
    for (const other of others) expect(isQuantumSigned({ ...signed, ...other }, receiverKey.bytes, arbiterKey.bytes)).equal(false);
  });

  it('repudiation: whatever the signer sends, receiver and arbiter find the same', () => {
    const verdicts = new Set<boolean>();
    fc.assert(fc.property(fc.constantFrom('good', 'other key', 'other document', 'other signature'), fc.nat(), (trick, place) => {
      const { receiverKey, arbiterKey, tagKey, signed } = sign();
      const flip = (bytes: Uint8Array): void => { bytes[place % bytes.length]! ^= 1; };
      const sent: QuantumSignature =
        trick === 'good' ? signed
        : trick === 'other key' ? quantumSign(three, { receiverKey, arbiterKey: { id: arbiterKey.id, bytes: arbiterKey.bytes.toReversed() }, tagKey }, documentOf(signed))
        : trick === 'other document' ? { ...signed, document: withBytes(signed.document, flip) }
        : { ...signed, signature: withBytes(signed.signature, flip) };
      const judgement = judge(makeTransfer(sent, receiverKey.bytes, key('t-1')), arbiterKey.bytes, key('t-2'));
      const received = isQuantumSigned(sent, receiverKey.bytes, fromBase64Url(judgement.share));
      verdicts.add(received);
      expect(judgement.valid).equal(received);
      expect(received).equal(trick === 'good');
    }), { numRuns: 40 });
    expect(verdicts.size).equal(2);
  });

  it('transfer: the signer changes nothing on the way between the other two', () => {
    const { receiverKey, arbiterKey, signed } = sign();
    const [there, back] = [key('t-1'), key('t-2')];
    const transfer = makeTransfer(signed, receiverKey.bytes, there);
    const first = (bytes: Uint8Array): void => { bytes[0]! ^= 1; };
    const changedTransfers = [
      { ...transfer, share: withBytes(transfer.share, first) },
      { ...transfer, tagKey: 't-9' },
      { ...transfer, signed: { ...signed, document: withBytes(signed.document, first) } },
      { ...transfer, signed: { ...signed, signature: withBytes(signed.signature, first) } },
      { ...transfer, signed: { ...signed, receiver: 'sae-x' } },
    ];
    for (const changed of changedTransfers) expect(isGenuineTransfer(changed, there.bytes)).equal(false);
    const judgement = judge(transfer, arbiterKey.bytes, back);
    const changedJudgements = [{ valid: false }, { share: withBytes(judgement.share, first) }, { tagKey: 't-9' }, { arbiterKey: 'c-9' }, { receiverKey: 'b-9' }, { arbiter: 'sae-x' }];
    for (const changed of changedJudgements) expect(isGenuineJudgement({ ...judgement, ...changed }, back.bytes)).equal(false);
  });

  it('are refused where they are malformed', () => {
    const { receiverKey, arbiterKey, tagKey, signed } = sign();
    const codeOf = (act: () => unknown): unknown => { try { act(); return 'none'; } catch (error) { return error instanceof CodedError ? error.code : error; } };
    expect(codeOf(() => readQuantumSignature({ ...signed, arbiter: 'sae-b' }))).equal('BAD_FIELD');
    expect(codeOf(() => readQuantumSignature({ ...signed, more: 1 }))).equal('BAD_FIELD');
    expect(codeOf(() => readQuantumSignature({ ...signed, signature: `${signed.signature}A` }))).equal('BAD_FIELD');
    expect(codeOf(() => readQuantumSignature({ ...signed, document: '=' }))).equal('BAD_FIELD');
    expect(codeOf(() => quantumSign(three, { receiverKey, arbiterKey, tagKey }, new Uint8Array(DOCUMENT_BYTES + 1)))).equal('BAD_FIELD');
    expect(codeOf(() => isQuantumSigned(signed, receiverKey.bytes.subarray(1), arbiterKey.bytes))).equal('BAD_KEY');
  });
});
