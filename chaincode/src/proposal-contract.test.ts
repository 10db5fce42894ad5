/** Proposals and epochs: a member joins and leaves, the study ends early, a round is aborted; every refusal, and the race with a round's end. */
import { expect } from 'chai';
import { canonicalText, type Digest } from '@epione/protocol';
import { argument, Consortium, hospitals, organizations } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const four = [...hospitals, 'HospitalD'];
const five = [...four, 'Regulator'];
const joining = { kind: 'roster', participants: four, aggregators: five, quorum: 3 };

/** An open study and a fifth organization that has a record. */
async function house(): Promise<Consortium> {
  const found = await new Consortium().open();
  await found.register('HospitalD');
  return found;
}

/** Proposes that HospitalD joins, and approves. */
async function agreed(found: Consortium, members: readonly string[] = ['HospitalA', 'HospitalB', 'HospitalD', 'Regulator']): Promise<{ proposal: Digest; approvals: object }> {
  const proposal = await found.propose(joining);
  for (const member of members) await found.approve(member, proposal);
  return { proposal, approvals: found.approvals(members, proposal) };
}

const recipients = (found: Consortium, participant: string): object[] =>
  five.filter((to) => to !== participant).map((to) => ({ to, record: found.record(to), suite: 'seal-mlkem768-qkd', keyIds: [`key-2-${participant}-${to}`] }));

describe('Proposal', () => {
  it('lets a fifth organization in from the round after the running one', async () => {
    const found = await house();
    const motion = await agreed(found);
    await found.submit('HospitalA');
    await found.openEpoch(found.epoch(four, five, motion));
    expect(await codeOf(found.submit('HospitalD'))).to.equal('NOT_A_PARTICIPANT');
    for (const mspId of ['HospitalB', 'HospitalC']) await found.submit(mspId);
    for (const mspId of organizations.slice(0, 3)) await found.attest(mspId);

    const sealed = (mspId: string): object => ({ epoch: 2, sealed: recipients(found, mspId) });
    expect(await codeOf(found.submit('HospitalA', 2))).to.equal('EPOCH_WRONG');
    expect(await codeOf(found.submit('HospitalA', 2, { epoch: 2 }))).to.equal('RECIPIENTS_WRONG');
    for (const mspId of four) await found.submit(mspId, 2, sealed(mspId));
    expect(await codeOf(found.attest('HospitalA', 2))).to.equal('EPOCH_WRONG');
    // A late attestation of round 1 is still one of epoch 1.
    await found.attest('Regulator', 1);
    expect(await codeOf(found.attest('HospitalD', 1))).to.equal('NOT_AN_AGGREGATOR');
    const { slots } = JSON.parse(await found.ledger.run({ mspId: 'HospitalD' }, (ctx) => found.rounds.getRound(ctx, canonicalText({ study: found.studyDigest, round: 2 })))) as { slots: unknown[] };
    expect(slots).to.have.length(4);
  });

  it('refuses an epoch by code', async () => {
    const found = await house();
    const unapproved = await found.propose(joining);
    const votes = (members: readonly string[]): object => ({ proposal: unapproved, approvals: found.approvals(members, unapproved) });
    const open = (changes: object, participants = four, aggregators = five): Promise<string> => codeOf(found.openEpoch(found.epoch(participants, aggregators, changes)));
    expect(await open({})).to.equal('NOT_APPROVED');
    expect(await open(votes([]))).to.equal('NOT_APPROVED');
    expect(await open(votes(['HospitalA']))).to.equal('NOT_APPROVED');
    for (const member of ['HospitalA', 'HospitalB', 'HospitalD']) await found.approve(member, unapproved);
    expect(await open(votes(['HospitalA', 'HospitalB', 'HospitalD'])), 'the vote of a joiner is no vote of a member').to.equal('NOT_APPROVED');
    await found.approve('Regulator', unapproved);
    expect(await open(votes(['HospitalA', 'HospitalB', 'Regulator'])), 'the joiner must approve').to.equal('NOT_APPROVED');
    const good = votes(['HospitalA', 'HospitalB', 'HospitalD', 'Regulator']);
    expect(await open(good, hospitals)).to.equal('EPOCH_WRONG');
    expect(await open({ ...good, proposal: found.studyDigest })).to.equal('NOT_APPROVED');
    const { epoch } = found.epoch(four, five) as { epoch: { participants: { mspId: string; record: Digest }[] } };
    const stale = epoch.participants.map((entry) => ({ ...entry, record: found.record('HospitalA') }));
    expect(await open({ ...good, epoch: { ...epoch, participants: stale } })).to.equal('RECORD_NOT_CURRENT');
    expect(await open({ ...good, epoch: { ...epoch, epoch: 3 } })).to.equal('EPOCH_NOT_NEW');
    expect(await open({ ...good, epoch: { ...epoch, from: 1 } })).to.equal('ROUND_NOT_OPEN');
    expect(await open({ ...good, epoch: { ...epoch, from: 3 }, after: { kind: 'aborted' } })).to.equal('ROUND_NOT_OPEN');
    expect(await open({ ...good, member: 'HospitalD', record: found.record('HospitalD') })).to.equal('CALLER_MISMATCH');
    expect(await codeOf(found.openEpoch(found.epoch(four, five, { ...good, member: 'HospitalD', record: found.record('HospitalD') }), 'HospitalD'))).to.equal('NOT_AUTHORISED');
    expect(await open(good)).to.equal('accepted');
    expect(await open(good)).to.equal('EPOCH_NOT_NEW');
  });

  it('opens no epoch for a round that has begun', async () => {
    const found = await house();
    const motion = await agreed(found);
    for (const mspId of hospitals) await found.submit(mspId);
    for (const mspId of organizations.slice(0, 3)) await found.attest(mspId);
    expect(await codeOf(found.openEpoch(found.epoch(four, five, motion)))).to.equal('ROUND_ENDED');
    const { epoch } = found.epoch(four, five) as { epoch: object };
    await found.openEpoch(found.epoch(four, five, { ...motion, epoch: { ...epoch, from: 3 }, after: found.after(2) }));
  });

  it('gives the same roster new records at any member\'s wish', async () => {
    const found = await house();
    expect(await codeOf(found.openEpoch(found.epoch(hospitals, organizations, { proposal: found.studyDigest })))).to.equal('BAD_FIELD');
    await found.openEpoch(found.epoch(hospitals, organizations));
    // A proposal from before a mere re-keying still stands.
    expect(await codeOf(found.propose(joining))).to.equal('EPOCH_WRONG');
    expect(await codeOf(found.propose({ ...joining, epoch: 2 }))).to.equal('accepted');
  });

  it('lets a member leave, who then has no say; a proposal ends with the next change', async () => {
    const found = await house();
    const other = await agreed(found);
    const three = ['HospitalA', 'HospitalB', 'Regulator'];
    const leaving = await found.propose({ kind: 'roster', participants: ['HospitalA', 'HospitalB'], aggregators: three, quorum: 2 });
    for (const member of three) await found.approve(member, leaving);
    await found.openEpoch(found.epoch(['HospitalA', 'HospitalB'], three, { proposal: leaving, approvals: found.approvals(three, leaving) }));
    expect(await codeOf(found.propose({ kind: 'end', epoch: 2 }, 'HospitalC'))).to.equal('NOT_AUTHORISED');
    for (const mspId of hospitals) await found.submit(mspId);
    const { epoch } = found.epoch(four, five) as { epoch: object };
    expect(await codeOf(found.openEpoch(found.epoch(four, five, { ...other, epoch: { ...epoch, epoch: 3, from: 3 } })))).to.equal('ROUND_NOT_OPEN');
    for (const mspId of organizations.slice(0, 3)) await found.attest(mspId);
    expect(await codeOf(found.openEpoch(found.epoch(four, five, { ...other, epoch: { ...epoch, epoch: 3, from: 3 }, after: found.after(2) })))).to.equal('EPOCH_EXPIRED');
    expect(await codeOf(found.call('abortRound', 'closing', { ...found.closing('HospitalC', 'abort', [], 2), epoch: 2 }, 'HospitalC'))).to.equal('NOT_AUTHORISED');
  });

  it('refuses proposals and decisions by code', async () => {
    const found = await house();
    const propose = (changes: object, member?: string): Promise<string> => codeOf(found.propose({ ...joining, ...changes }, member));
    expect(await propose({ participants: hospitals, aggregators: organizations })).to.equal('EPOCH_NOT_NEW');
    expect(await propose({ quorum: 2 })).to.equal('BAD_FIELD');
    expect(await propose({ quorum: 6 })).to.equal('BAD_FIELD');
    expect(await propose({ participants: ['HospitalA'] })).to.equal('TOO_FEW');
    expect(await propose({ kind: 'split' })).to.equal('BAD_FIELD');
    expect(await propose({}, 'HospitalD')).to.equal('NOT_AUTHORISED');
    expect(await codeOf(found.propose({ kind: 'abort', round: 4 }))).to.equal('STUDY_ENDED');
    const proposal = await found.propose(joining);
    expect(await propose({})).to.equal('STUDY_EXISTS');
    const end = await found.propose({ kind: 'end' });
    expect(await codeOf(found.approve('HospitalD', end))).to.equal('NOT_AUTHORISED');
    await found.approve('HospitalD', proposal);
    expect(await codeOf(found.approve('HospitalD', proposal))).to.equal('ALREADY_APPROVED');
    const listed = JSON.parse(await found.ledger.run({ mspId: 'Regulator' }, (ctx) => found.proposals.listProposals(ctx, canonicalText({ pageSize: 10, study: found.studyDigest })))) as { proposals: { digest: string; approvals: unknown[] }[] };
    expect(listed.proposals.map((entry) => [entry.digest, entry.approvals.length])).to.have.deep.members([[proposal, 1], [end, 0]]);
    const one = async (digest: string): Promise<object> => JSON.parse(await found.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => found.proposals.getProposal(ctx, canonicalText({ proposal: digest })))) as object;
    expect(await one(proposal)).to.deep.equal({ found: listed.proposals.find((entry) => entry.digest === proposal) });
    expect(await one(found.studyDigest)).to.deep.equal({});
  });

  it('lists proposals in pages, and those of one study only', async () => {
    const found = await house();
    const proposals = [];
    for (const note of ['1', '2', '3']) proposals.push(await found.propose({ kind: 'end', note }));
    const ask = async (question: object): Promise<{ proposals: { digest: Digest }[]; bookmark?: string }> =>
      JSON.parse(await found.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => found.proposals.listProposals(ctx, canonicalText({ pageSize: 2, study: found.studyDigest, ...question })))) as { proposals: { digest: Digest }[]; bookmark?: string };
    const first = await ask({});
    expect(first.proposals).to.have.length(2);
    const second = await ask({ bookmark: first.bookmark });
    expect([...first.proposals, ...second.proposals].map((entry) => entry.digest)).to.deep.equal([...proposals].sort());
    expect(await ask({ study: proposals[0] })).to.deep.equal({ proposals: [] });
  });

  it('does not count a rejection', async () => {
    const found = await house();
    const proposal = await found.propose(joining);
    for (const member of ['HospitalA', 'HospitalB', 'HospitalD']) await found.approve(member, proposal);
    await found.approve('Regulator', proposal, 'reject');
    expect(await codeOf(found.openEpoch(found.epoch(four, five, { proposal, approvals: found.approvals(['HospitalA', 'HospitalB', 'HospitalD', 'Regulator'], proposal) })))).to.equal('NOT_APPROVED');
  });

  it('ends the study after the running round', async () => {
    const found = await house();
    const proposal = await found.propose({ kind: 'end' });
    const members = ['HospitalA', 'HospitalB', 'Regulator'];
    const ending = (changes: object = {}): object => ({ study: found.studyDigest, member: 'HospitalA', record: found.record('HospitalA'), from: 2, proposal, approvals: found.approvals(members, proposal), after: { kind: 'opening' }, ...changes });
    expect(await codeOf(found.endStudy(ending({ approvals: [] })))).to.equal('NOT_APPROVED');
    for (const member of members) await found.approve(member, proposal);
    expect(await codeOf(found.endStudy(ending({ from: 1 })))).to.equal('ROUND_NOT_OPEN');
    await found.endStudy(ending());
    expect(await codeOf(found.endStudy(ending()))).to.equal('STUDY_ENDED');
    expect(await codeOf(found.propose({ kind: 'end', note: 'again' }))).to.equal('STUDY_ENDED');
    for (const mspId of hospitals) await found.submit(mspId);
    for (const mspId of organizations) await found.attest(mspId);
    expect(await codeOf(found.submit('HospitalA', 2))).to.equal('STUDY_ENDED');
  });

  it('aborts a round before its deadline by proposal only', async () => {
    const found = await house();
    const proposal = await found.propose({ kind: 'abort', round: 1 });
    const members = ['HospitalB', 'HospitalC', 'Regulator'];
    const abort = (changes: object): Promise<string> => codeOf(found.call('abortRound', 'closing', { ...found.closing('HospitalB', 'abort', []), ...changes }, 'HospitalB'));
    const mandate = { proposal, approvals: found.approvals(members, proposal) };
    expect(await abort({})).to.equal('TOO_EARLY');
    expect(await abort(mandate)).to.equal('NOT_APPROVED');
    for (const member of members) await found.approve(member, proposal);
    expect(await abort({ proposal })).to.equal('BAD_FIELD');
    expect(await abort(mandate)).to.equal('accepted');
    expect(await abort({ ...mandate, round: 2, after: { kind: 'aborted' } })).to.equal('NOT_APPROVED');
    await found.submit('HospitalA', 2, { after: { kind: 'aborted' }, base: 'zeros' });
  });

  it('lets only one of the round\'s end and the next epoch win', async () => {
    for (const first of ['end', 'epoch']) {
      const found = await house();
      const motion = await agreed(found);
      for (const mspId of hospitals) await found.submit(mspId);
      for (const mspId of organizations.slice(0, 2)) await found.attest(mspId);
      const attest = await found.ledger.simulate({ mspId: 'HospitalC' }, (ctx) => found.rounds.attest(ctx, argument(found.signed('attestation', found.attestation('HospitalC'), 'HospitalC'))));
      const epoch = await found.ledger.simulate({ mspId: 'HospitalA' }, (ctx) => found.proposals.openEpoch(ctx, argument(found.signed('epoch', found.epoch(four, five, motion), 'HospitalA'))));
      const order = first === 'end' ? [attest, epoch] : [epoch, attest];
      expect(found.ledger.submit(order), first).to.deep.equal(['VALID', 'MVCC_READ_CONFLICT']);
    }
  });
});
