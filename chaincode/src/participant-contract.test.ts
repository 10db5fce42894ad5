/** Records: possession both ways, rotation with both keys, revocation. */
import { expect } from 'chai';
import { canonicalText, sign, statementDigest, toBase64Url, type Json, type ParticipantRecord, type StatementName } from '@epione/protocol';
import { argument, Consortium, digestOfText } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';
import type { Caller } from './testing/stub-ledger.js';

const register = (house: Consortium, record: ParticipantRecord, caller: Caller, signature?: string): Promise<string> => {
  const signed = house.signed('participant', record, record.mspId);
  return house.ledger.run(caller, (ctx) => house.participants.registerParticipant(ctx, argument(signature === undefined ? signed : { ...signed, signature })));
};

describe('Participant', () => {
  it('registers a record and gives it back', async () => {
    const house = new Consortium();
    await house.register('HospitalA');
    const answer = JSON.parse(await house.ledger.run({ mspId: 'HospitalB' }, (ctx) => house.participants.getParticipant(ctx, '{"mspId":"HospitalA"}'))) as { state: { status: string }; record: { statement: ParticipantRecord } };
    expect(answer.state.status).to.equal('current');
    expect(answer.record.statement).to.deep.equal(house.newRecord('HospitalA'));
  });

  it('refuses what does not hold together, each with its code', async () => {
    const house = new Consortium();
    const record = house.newRecord('HospitalA');
    const a = { mspId: 'HospitalA' };
    expect(await codeOf(register(house, record, { mspId: 'HospitalB' }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(register(house, record, { ...a, role: 'auditor' }))).to.equal('NOT_AUTHORISED');
    expect(await codeOf(register(house, record, { ...a, certificateOf: 'Stranger' }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(register(house, { ...record, channel: 'other' }, a))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(register(house, { ...record, signingKey: record.signingKey.slice(4) }, a))).to.equal('BAD_KEY');
    const outOfRange = toBase64Url(new Uint8Array(1184).fill(0xff));
    expect(await codeOf(register(house, { ...record, encapsulationKey: outOfRange }, a))).to.equal('BAD_KEY');
    expect(await codeOf(register(house, { ...record, kemSuite: 'mlkem512' as 'mlkem768' }, a))).to.equal('UNKNOWN_SUITE');
    expect(await codeOf(register(house, { ...record, signatureSuite: 'mldsa44' as 'mldsa65' }, a))).to.equal('UNKNOWN_SUITE');
    expect(await codeOf(register(house, record, a, toBase64Url(new Uint8Array(3309))))).to.equal('BAD_SIGNATURE');
    expect(await codeOf(register(house, { ...record, version: 2 }, a))).to.equal('RECORD_NOT_CURRENT');
    const loose = `${canonicalText({ signature: 'AA', statement: record as unknown as Json })} `;
    expect(await codeOf(house.ledger.run(a, (ctx) => house.participants.registerParticipant(ctx, loose)))).to.equal('NOT_CANONICAL');
  });

  it('reports all faults of a record together', async () => {
    const house = new Consortium();
    const record = { ...house.newRecord('HospitalA'), blobUrl: 'http://plain', version: 0, extra: 1 };
    let message = '';
    await register(house, record, { mspId: 'HospitalA' }).catch((error: unknown) => (message = String(error)));
    expect(message).to.include('participant.blobUrl').and.include('participant.version').and.include('extra');
  });

  it('rotates with both signatures only, and forgets the old record', async () => {
    const house = new Consortium();
    await house.register('HospitalA');
    const next = house.newRecord('HospitalA', { version: 2, previous: house.record('HospitalA'), signingKey: toBase64Url(house.signer('HospitalA', 2).publicKey) });
    const signed = sign('participant', next as unknown as Json, house.signer('HospitalA', 2));
    const rotate = (argumentText: string): Promise<string> => house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.participants.registerParticipant(ctx, argumentText));
    expect(await codeOf(rotate(argument(signed)))).to.equal('BAD_SIGNATURE');
    const previousSignature = house.signed('participant', next, 'HospitalA').signature;
    await rotate(canonicalText({ ...signed, previousSignature }));
    await house.register('HospitalB');
    expect(await codeOf(house.registerStudy())).to.equal('BAD_SIGNATURE');
    const state = JSON.parse(await house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.participants.getParticipant(ctx, '{"mspId":"HospitalA"}'))) as { state: { record: string } };
    expect(state.state.record).to.equal(statementDigest('participant', next));
  });

  it('accepts nothing under a revoked record', async () => {
    const house = await new Consortium().open();
    const revocation = { mspId: 'HospitalA', record: house.record('HospitalA'), reason: 'compromised', since: 1 };
    const revoke = (name: StatementName, caller: Caller): Promise<string> => house.ledger.run(caller, (ctx) => house.participants.revokeParticipant(ctx, argument(house.signed(name, revocation, 'HospitalA'))));
    expect(await codeOf(revoke('revocation', { mspId: 'HospitalB' }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(revoke('access', { mspId: 'HospitalA' }))).to.equal('BAD_SIGNATURE');
    await revoke('revocation', { mspId: 'HospitalA', role: 'operator' });
    expect(await codeOf(house.submit('HospitalA'))).to.equal('RECORD_REVOKED');
    const next = house.newRecord('HospitalA', { version: 2, previous: house.record('HospitalA') });
    const signed = house.signed('participant', next, 'HospitalA');
    const both = canonicalText({ ...signed, previousSignature: signed.signature });
    expect(await codeOf(house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.participants.registerParticipant(ctx, both)))).to.equal('RECORD_REVOKED');
  });

  it('answers an unknown record with nothing', async () => {
    const house = new Consortium();
    const asked = canonicalText({ record: digestOfText('nobody') });
    expect(await house.ledger.run({ mspId: 'HospitalB' }, (ctx) => house.participants.getRecord(ctx, asked))).to.equal('{}');
  });
});
