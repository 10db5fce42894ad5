/** The sealed update: a frozen blob, opening by each recipient, and everything that must not be read or opened. */
import { expect } from 'chai';
import fc from 'fast-check';

import { encodeCanonical, type Json } from '../encoding/canonical-json.js';
import { concat, digestOf, u32, type Digest } from '../encoding/digest.js';
import { encapsulate, newKemKeys } from '../crypto/ml-kem.js';
import type { SealedFrom, SealedTo } from './sealed-header.js';
import { assertHeaderOf, openPayload, readSealed, sealUpdate, unwrapFor, type SealInput } from './sealed-update.js';
import type { Submission } from '../statements/submission.js';
import { codeOf } from '../testing/refusal.js';

const of = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);

const from: SealedFrom = { study: of('1'), epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: of('2') };
const keysB = newKemKeys('mlkem768', bytes(1, 64));
const keysC = newKemKeys('mlkem768', bytes(2, 64));
const qkdKey = bytes(0x20, 32);
const contentKey = bytes(0x40, 32);
const payload = bytes(0, 20_000);

const toB = (): SealedTo => {
  const { ciphertext, sharedSecret } = encapsulate('mlkem768', keysB.encapsulationKey, (length) => bytes(3, length));
  return { context: { suite: 'seal-mlkem768-qkd', to: 'HospitalB', toRecord: of('4'), encapsulationKey: keysB.encapsulationKey, ciphertext, masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['key-1'] }, sharedSecret, qkdKey };
};
const toC = (): SealedTo => {
  const { ciphertext, sharedSecret } = encapsulate('mlkem768', keysC.encapsulationKey, (length) => bytes(5, length));
  return { context: { suite: 'seal-mlkem768', to: 'HospitalC', toRecord: of('5'), encapsulationKey: keysC.encapsulationKey, ciphertext }, sharedSecret };
};
const input: SealInput = { ...from, recipients: [toC(), toB()], payload, contentKey, salt: bytes(9, 24) };
const blob = sealUpdate(input);

/** The same blob with another header; sections as they were. */
const withHeader = (edit: (header: Record<string, Json | undefined>) => Json): Uint8Array => {
  const { header, sections } = readSealed(blob);
  const encoded = encodeCanonical(edit({ ...header }));
  return concat(blob.subarray(0, 16), u32(encoded.length), encoded, ...sections);
};

describe('sealed update', () => {
  it('is the same blob for the same inputs, for ever', () => {
    expect(new TextDecoder().decode(blob.subarray(0, 16))).to.equal('EPIONE-SEALED-1\n');
    expect(digestOf(blob)).to.equal('sha256:96cd5c0287e6ca31ec9a751e79b6ee70fab4926e49d8f7b1823375ac4b0ef62c');
    expect(digestOf(sealUpdate({ ...input, recipients: [toB(), toC()] }))).to.equal(digestOf(blob));
  });

  it('opens for each recipient with its own secrets', () => {
    const sealed = readSealed(blob);
    expect(sealed.header.recipients.map(({ to, suite, keyIds }) => [to, suite, keyIds])).to.deep.equal([['HospitalB', 'seal-mlkem768-qkd', ['key-1']], ['HospitalC', 'seal-mlkem768', undefined]]);
    expect(unwrapFor(sealed, 'HospitalB', keysB, qkdKey)).to.deep.equal(contentKey);
    expect(unwrapFor(sealed, 'HospitalC', keysC, undefined)).to.deep.equal(contentKey);
    expect(openPayload(sealed, contentKey)).to.deep.equal(payload);
  });

  it('reads a blob at any offset in memory', () => {
    const sealed = readSealed(concat(new Uint8Array(5), blob).subarray(5));
    expect(openPayload(sealed, unwrapFor(sealed, 'HospitalB', keysB, qkdKey))).to.deep.equal(payload);
  });

  it('fails in one way for whoever lacks a secret', () => {
    const sealed = readSealed(blob);
    const lacking: (() => unknown)[] = [
      () => unwrapFor(sealed, 'HospitalB', keysC, qkdKey),
      () => unwrapFor(sealed, 'HospitalB', keysB, undefined),
      () => unwrapFor(sealed, 'HospitalB', keysB, bytes(0x21, 32)),
      () => unwrapFor(sealed, 'HospitalC', keysC, qkdKey),
      () => unwrapFor(sealed, 'HospitalC', newKemKeys('mlkem1024', bytes(2, 64)), undefined),
      () => openPayload(sealed, bytes(0x41, 32)),
      () => openPayload(sealed, new Uint8Array()),
    ];
    expect(lacking.map(codeOf)).to.deep.equal(lacking.map(() => 'UNOPENABLE'));
    expect(codeOf(() => unwrapFor(sealed, 'HospitalD', keysB, qkdKey))).to.equal('RECIPIENTS_WRONG');
  });

  it('opens nothing when any one bit is another', () => {
    const seen = new Set<string>();
    fc.assert(fc.property(fc.oneof(fc.nat(36 * 8 - 1), fc.nat(blob.length * 8 - 1)), (bit) => {
      const changed = blob.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const code = codeOf(() => openPayload(readSealed(changed), contentKey));
      seen.add(code);
      expect(code).to.not.equal('none');
    }), { numRuns: 400 });
    expect(seen).to.include('UNOPENABLE');
  });

  it('binds the header: a header of another round, sender, recipient or wrap opens nothing', () => {
    const edits: ((header: Record<string, Json | undefined>) => Json)[] = [
      (header) => ({ ...header, study: of('6') }), (header) => ({ ...header, epoch: 2 }), (header) => ({ ...header, round: 8 }), (header) => ({ ...header, purpose: 'rescue' }),
      (header) => ({ ...header, from: 'HospitalX' }), (header) => ({ ...header, fromRecord: of('6') }), (header) => ({ ...header, recipients: (header['recipients'] as Json[]).slice(1) }),
    ];
    for (const edit of edits) {
      const sealed = readSealed(withHeader(edit));
      expect(codeOf(() => openPayload(sealed, contentKey))).to.equal('UNOPENABLE');
      if (sealed.header.recipients.length === 2) expect(codeOf(() => unwrapFor(sealed, 'HospitalB', keysB, qkdKey))).to.equal('UNOPENABLE');
    }
  });

  it('is not read with another length, spelling or field', () => {
    const recipients = (edit: (one: Record<string, Json | undefined>) => Json) => (header: Record<string, Json | undefined>): Json => ({ ...header, recipients: (header['recipients'] as Record<string, Json>[]).map(edit) });
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(), 'UNKNOWN_TYPE'], [blob.subarray(0, 19), 'UNKNOWN_TYPE'], [concat(new TextEncoder().encode('EPIONE-SEALED-2\n'), blob.subarray(16)), 'UNKNOWN_TYPE'],
      [blob.subarray(0, 200), 'NOT_CANONICAL'], [blob.subarray(0, blob.length - 1), 'BAD_FIELD'], [concat(blob, Uint8Array.of(0)), 'BAD_FIELD'],
      [concat(blob.subarray(0, 16), u32(2 ** 20 + 1), new Uint8Array(2 ** 20 + 1)), 'TOO_LARGE'],
      [concat(blob.subarray(0, 16), u32(3), new TextEncoder().encode('{ }')), 'NOT_CANONICAL'], [concat(blob.subarray(0, 16), u32(2), new TextEncoder().encode('{}')), 'BAD_FIELD'],
      [withHeader((header) => ({ ...header, extra: 1 })), 'BAD_FIELD'], [withHeader((header) => ({ ...header, round: 0 })), 'BAD_FIELD'], [withHeader((header) => ({ ...header, purpose: 'pair' })), 'BAD_FIELD'],
      [withHeader((header) => ({ ...header, sections: [] })), 'BAD_FIELD'], [withHeader((header) => ({ ...header, sections: [{ kind: 'payload', bytes: 72 }] })), 'BAD_FIELD'],
      [withHeader((header) => ({ ...header, recipients: [] })), 'BAD_FIELD'], [withHeader((header) => ({ ...header, recipients: [...(header['recipients'] as Json[])].reverse() })), 'BAD_FIELD'],
      [withHeader(recipients((one) => ({ ...one, to: 'HospitalB' }))), 'BAD_FIELD'], [withHeader(recipients((one) => ({ ...one, wrapped: '00' }))), 'BAD_FIELD'],
      [withHeader(recipients((one) => ({ ...one, suite: 'seal-mlkem512' }))), 'UNKNOWN_SUITE'],
    ];
    expect(cases.map(([wrong]) => codeOf(() => readSealed(wrong)))).to.deep.equal(cases.map(([, code]) => code));
  });

  it('seals nothing with a secret or field that is not in order', () => {
    const { qkdKey: dropped, ...withoutKey } = toB();
    expect(dropped).to.deep.equal(qkdKey);
    expect(codeOf(() => sealUpdate({ ...input, recipients: [withoutKey] }))).to.equal('QKD_UNAVAILABLE');
    expect(codeOf(() => sealUpdate({ ...input, recipients: [{ ...toC(), qkdKey }] }))).to.equal('BAD_KEY');
    expect(codeOf(() => sealUpdate({ ...input, recipients: [toB(), toB()] }))).to.equal('BAD_FIELD');
    expect(codeOf(() => sealUpdate({ ...input, recipients: [] }))).to.equal('BAD_FIELD');
    expect(codeOf(() => sealUpdate({ ...input, round: 0 }))).to.equal('BAD_FIELD');
    expect(codeOf(() => sealUpdate({ ...input, salt: new Uint8Array(12) }))).to.equal('BAD_FIELD');
  });

  it('carries the content key of another blob to one who could not open its own wrap', () => {
    const rescue = readSealed(sealUpdate({ ...input, purpose: 'rescue', recipients: [toC()], payload: contentKey, contentKey: bytes(0x80, 32) }));
    const rescued = openPayload(rescue, unwrapFor(rescue, 'HospitalC', keysC, undefined));
    expect(openPayload(readSealed(blob), rescued)).to.deep.equal(payload);
  });

  it('tells whether the header is the one its submission speaks of', () => {
    const { header } = readSealed(blob);
    const submission: Submission = {
      study: of('1'), epoch: 1, round: 7, participant: 'HospitalA', record: of('2'), after: { kind: 'opening' }, base: 'zeros', blob: digestOf(blob), blobBytes: blob.length,
      sealed: [{ to: 'HospitalB', record: of('4'), suite: 'seal-mlkem768-qkd', keyIds: ['key-1'] }, { to: 'HospitalC', record: of('5'), suite: 'seal-mlkem768', keyIds: [], reason: 'QKD_UNAVAILABLE' }],
      numExamples: 3, software: 'test',
    };
    expect(codeOf(() => { assertHeaderOf(submission, header); })).to.equal('none');
    const [b, c] = submission.sealed as [Submission['sealed'][number], Submission['sealed'][number]];
    const others: Partial<Submission>[] = [
      { study: of('6') }, { epoch: 2 }, { round: 8 }, { participant: 'HospitalX' }, { record: of('6') }, { sealed: [b] }, { sealed: [{ ...b, keyIds: ['key-2'] }, c] },
      { sealed: [{ ...b, keyIds: ['key-1', 'key-2'] }, c] }, { sealed: [{ ...b, record: of('6') }, c] }, { sealed: [{ ...b, suite: 'seal-mlkem768' }, c] }, { sealed: [{ ...b, to: 'HospitalX' }, c] },
    ];
    for (const other of others) expect(codeOf(() => { assertHeaderOf({ ...submission, ...other }, header); })).to.equal('BLOB_MISMATCH');
    expect(codeOf(() => { assertHeaderOf(submission, { ...header, purpose: 'rescue' }); })).to.equal('BLOB_MISMATCH');
  });
});
