/** Studies: registered once, approved by a quorum in which each participant stands, opened with the study's own roster. */
import { expect } from 'chai';
import { canonicalText } from '@epione/protocol';
import { argument, Consortium, organizations, study } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

async function enrolled(): Promise<Consortium> {
  const house = new Consortium();
  for (const mspId of organizations) await house.register(mspId);
  return house;
}

const open = (house: Consortium, statement: object = house.opening()): Promise<string> =>
  house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.studies.openStudy(ctx, argument(house.signed('opening', statement, 'HospitalA'))));

describe('Study', () => {
  it('goes from registered over approved to open', async () => {
    const house = await new Consortium().open();
    const answer = JSON.parse(await house.ledger.run({ mspId: 'Regulator' }, (ctx) => house.studies.getStudy(ctx, canonicalText({ study: house.studyDigest })))) as { approvals: unknown[]; course: { epochs: unknown[] } };
    expect(answer.approvals).to.have.length(4);
    expect(answer.course.epochs).to.have.length(1);
    const all = JSON.parse(await house.ledger.run({ mspId: 'Regulator' }, (ctx) => house.studies.listStudies(ctx, '{"pageSize":10}'))) as { studies: { study: string }[] };
    expect(all.studies.map((entry) => entry.study)).to.deep.equal([house.studyDigest]);
  });

  it('refuses a second registration, a stranger and a document that contradicts itself', async () => {
    const house = await enrolled();
    await house.registerStudy();
    expect(await codeOf(house.registerStudy())).to.equal('STUDY_EXISTS');
    const register = (document: object, mspId: string): Promise<string> => house.ledger.run({ mspId }, (ctx) => house.studies.registerStudy(ctx, argument(house.signed('study', document, mspId))));
    expect(await codeOf(register({ ...study, aggregators: study.participants, quorums: { approve: 2, submit: 2, attest: 2 } }, 'Regulator'))).to.equal('NOT_AUTHORISED');
    expect(await codeOf(register({ ...study, quorums: { approve: 2, submit: 2, attest: 2 } }, 'HospitalA'))).to.equal('STUDY_INVALID');
    expect(await codeOf(register({ ...study, strategy: { ...study.strategy, weighting: 'uniform', f: 1 }, aggregation: { mode: 'visible', rule: 'median' } }, 'HospitalA'))).to.equal('RULE_BOUND');
    expect(await codeOf(register({ ...study, channel: 'other' }, 'HospitalA'))).to.equal('STUDY_INVALID');
    for (const suites of [{ sealing: ['seal-mlkem512'] }, { signature: 'mldsa44' }, { profile: 'fast' }]) expect(await codeOf(register({ ...study, suites: { ...study.suites, ...suites } }, 'HospitalA'))).to.equal('UNKNOWN_SUITE');
  });

  it('counts one decision a member', async () => {
    const house = await enrolled();
    expect(await codeOf(house.approve('HospitalA'))).to.equal('STUDY_UNKNOWN');
    await house.registerStudy();
    await house.approve('HospitalA');
    expect(await codeOf(house.approve('HospitalA'))).to.equal('ALREADY_APPROVED');
  });

  it('does not open without the quorum, without a participant, or with another roster', async () => {
    const house = await enrolled();
    await house.registerStudy();
    for (const mspId of ['HospitalA', 'HospitalB']) await house.approve(mspId);
    expect(await codeOf(open(house))).to.equal('NOT_APPROVED');
    await house.approve('Regulator');
    const statement = house.opening() as { approvals: { member: string }[]; epoch: object };
    const three = { ...statement, approvals: statement.approvals.filter((entry) => entry.member !== 'HospitalC') };
    expect(await codeOf(open(house, three))).to.equal('NOT_APPROVED');
    await house.approve('HospitalC');
    expect(await codeOf(open(house, { ...statement, epoch: { ...statement.epoch, quorum: 2 } }))).to.equal('EPOCH_WRONG');
    expect(await codeOf(house.submit('HospitalA'))).to.equal('STUDY_NOT_OPEN');
    await open(house);
    expect(await codeOf(open(house))).to.equal('EPOCH_NOT_NEW');
  });
});
