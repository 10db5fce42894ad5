/** Members decide on the keys of one of them: a revocation by proposal, an admission with new keys, and every refusal. */
import { expect } from 'chai';
import { canonicalText, sign, statementDigest, type Digest, type Json, type ParticipantRecord } from '@epione/protocol';
import { argument, Consortium, digestOfText, organizations, study } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';
import type { Caller } from './testing/stub-ledger.js';

const c = 'HospitalC';
const others = organizations.filter((mspId) => mspId !== c);

interface Mandate {
  readonly proposal: Digest;
  readonly approvals: object;
}

/** Proposes something, and has some members approve it. */
async function agreed(house: Consortium, statement: object, members: readonly string[] = others): Promise<Mandate> {
  const proposal = await house.propose(statement);
  for (const member of members) await house.approve(member, proposal);
  return { proposal, approvals: house.approvals(members, proposal) };
}

const stolen = (house: Consortium): object => ({ kind: 'revoke', mspId: c, revokes: house.record(c), reason: 'compromised', since: 5 });

/** HospitalA carries a revocation out. */
function revoke(house: Consortium, mandate: Mandate, changes: object = {}, by: object = {}): Promise<string> {
  const statement = { mspId: c, record: house.record(c), reason: 'compromised', since: 5, mandate: { ...mandate, member: 'HospitalA', record: house.record('HospitalA'), ...by }, ...changes };
  return codeOf(house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.participants.revokeParticipant(ctx, argument(house.signed('revocation', statement, 'HospitalA')))));
}

/** HospitalC registers a record, signed with its own key, with what vouches for it. */
function register(house: Consortium, record: ParticipantRecord, voucher: object = {}, caller: Partial<Caller> = {}): Promise<string> {
  const signed = sign('participant', record as unknown as Json, house.signer(c, record.version));
  return codeOf(house.ledger.run({ mspId: c, ...caller }, (ctx) => house.participants.registerParticipant(ctx, canonicalText({ ...signed, ...voucher }))));
}

const admitting = (record: ParticipantRecord): object => ({ kind: 'admit', mspId: c, admits: statementDigest('participant', record) });

describe('members who leave and come back', () => {
  it('revoke stolen keys by proposal, and let the hospital come back with new ones', async () => {
    const house = await new Consortium().open();
    await house.submit(c);
    expect(await revoke(house, await agreed(house, stolen(house)))).to.equal('accepted');
    const asked = canonicalText({ mspId: c });
    const { state } = JSON.parse(await house.ledger.evaluate({ mspId: c }, (ctx) => house.participants.getParticipant(ctx, asked))) as { state: object };
    expect(state).to.deep.include({ status: 'revoked', reason: 'compromised', since: 5, version: 1 });
    // What was committed before stays; nothing is accepted after.
    expect(await codeOf(house.attest(c))).to.equal('RECORD_REVOKED');
    expect(await codeOf(house.propose({ kind: 'end' }, c))).to.equal('RECORD_REVOKED');
    const next = house.successor(c, 2);
    const byOldKey = { previousSignature: sign('participant', next as unknown as Json, house.signer(c)).signature };
    expect(await register(house, next, byOldKey), 'the old key and the certificate are not enough').to.equal('RECORD_REVOKED');
    const admission = await agreed(house, admitting(next));
    expect(await register(house, next, { admission })).to.equal('accepted');
    expect(await register(house, next, { admission }), 'an admission serves once').to.equal('RECORD_NOT_CURRENT');
    const attestations = others.map((mspId) => house.attestation(mspId));
    for (const mspId of ['HospitalA', 'HospitalB']) await house.submit(mspId);
    house.goOn(next);
    for (const attestation of attestations) await house.call('attest', 'attestation', attestation, attestation.aggregator);
    await house.submit(c, 2, { after: { kind: 'ended', attesters: others } });
  });

  it('accept nothing in place of what was approved', async () => {
    const house = await new Consortium().open();
    const unapproved = await agreed(house, stolen(house), ['HospitalA', 'HospitalB']);
    expect(await revoke(house, unapproved)).to.equal('NOT_APPROVED');
    await house.approve('Regulator', unapproved.proposal);
    const good = { ...unapproved, approvals: house.approvals(others, unapproved.proposal) };
    expect(await revoke(house, good, { since: 4 })).to.equal('NOT_APPROVED');
    expect(await revoke(house, good, { reason: 'left' })).to.equal('NOT_APPROVED');
    expect(await revoke(house, good, { mspId: 'HospitalB', record: house.record('HospitalB') })).to.equal('NOT_APPROVED');
    expect(await revoke(house, { ...good, proposal: house.studyDigest })).to.equal('NOT_APPROVED');
    expect(await revoke(house, await agreed(house, { kind: 'end' }))).to.equal('NOT_APPROVED');
    expect(await revoke(house, good, {}, { member: 'HospitalB', record: house.record('HospitalB') })).to.equal('CALLER_MISMATCH');
    expect(await revoke(house, good, {}, { record: digestOfText('another') })).to.equal('RECORD_NOT_CURRENT');
    expect(await revoke(house, good)).to.equal('accepted');
    expect(await revoke(house, good), 'a proposal serves once').to.equal('RECORD_REVOKED');

    const next = house.successor(c, 2);
    const admission = await agreed(house, admitting(next));
    const few = { ...admission, approvals: house.approvals(['HospitalA', 'HospitalB'], admission.proposal) };
    expect(await register(house, next, { admission: few })).to.equal('NOT_APPROVED');
    expect(await register(house, next, { admission: { ...admission, proposal: good.proposal } })).to.equal('NOT_APPROVED');
    expect(await register(house, house.successor(c, 2, { blobUrl: 'https://elsewhere/' }), { admission }), 'another record than the members know').to.equal('NOT_APPROVED');
    expect(await register(house, next, { admission }, { certificateOf: 'Stranger' }), 'another certificate').to.equal('CALLER_MISMATCH');
    expect(await register(house, next, { admission, previousSignature: 'AA' })).to.equal('BAD_FIELD');
    const withOldKey = house.successor(c, 2, { encapsulationKey: house.newRecord(c).encapsulationKey });
    expect(await register(house, withOldKey, { admission: await agreed(house, admitting(withOldKey)) })).to.equal('BAD_KEY');
  });

  it('put a member out for another reason too, which then needs an admission all the same', async () => {
    const house = await new Consortium().open();
    expect(await revoke(house, await agreed(house, { kind: 'revoke', mspId: c, revokes: house.record(c), reason: 'left' }), { reason: 'left', since: undefined })).to.equal('accepted');
    const next = house.successor(c, 2);
    expect(await register(house, next, { previousSignature: sign('participant', next as unknown as Json, house.signer(c)).signature })).to.equal('RECORD_REVOKED');
    expect(await register(house, next, { admission: await agreed(house, admitting(next)) })).to.equal('accepted');
  });

  it('help a member whose keys are lost, who can sign nothing any more', async () => {
    const house = await new Consortium().open();
    const next = house.successor(c, 2);
    expect(await register(house, next)).to.equal('BAD_SIGNATURE');
    expect(await register(house, next, { admission: await agreed(house, admitting(next)) })).to.equal('accepted');
  });

  it('leave it to a hospital that left by itself to come back by itself', async () => {
    const house = await new Consortium().open();
    const left = { mspId: c, record: house.record(c), reason: 'left' };
    await house.ledger.run({ mspId: c }, (ctx) => house.participants.revokeParticipant(ctx, argument(house.signed('revocation', left, c))));
    const next = house.successor(c, 2);
    expect(await register(house, next, { previousSignature: sign('participant', next as unknown as Json, house.signer(c)).signature })).to.equal('accepted');
  });

  it('decide only on members who came by their own approval, and never on themselves', async () => {
    const house = new Consortium({ ...study, observers: [], quorums: { ...study.quorums, approve: 3 } });
    for (const mspId of organizations) await house.register(mspId);
    await house.registerStudy();
    for (const mspId of ['HospitalA', 'HospitalB', c]) await house.approve(mspId);
    const opening = { ...house.opening(), approvals: house.approvals(['HospitalA', 'HospitalB', c]) };
    await house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.studies.openStudy(ctx, argument(house.signed('opening', opening, 'HospitalA'))));
    const about = (mspId: string): object => ({ kind: 'revoke', mspId, revokes: house.record(mspId), reason: 'compromised' });
    expect(await codeOf(house.propose(about('Regulator'))), 'the regulator never approved of this study').to.equal('NOT_AUTHORISED');
    await house.approve('Regulator');
    expect(await codeOf(house.propose(about('Regulator')))).to.equal('accepted');
    expect(await codeOf(house.propose(about('HospitalD')))).to.equal('NOT_AUTHORISED');
    expect(await codeOf(house.propose(about(c), c))).to.equal('NOT_AUTHORISED');
    const proposal = await house.propose(about(c));
    expect(await codeOf(house.approve(c, proposal)), 'a thief has no vote').to.equal('NOT_AUTHORISED');
  });
});
