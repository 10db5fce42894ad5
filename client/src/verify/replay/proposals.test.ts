/** Proposals, epochs and ends as an auditor repeats them: each rule broken by itself, as colluding peers could let it pass. */
import { expect } from 'chai';
import { four, Scribe } from '../../testing/scribe.js';
import { endStudy } from './proposals.js';
import { close } from './rounds.js';

describe('proposals, as an auditor repeats them', () => {
  it('finds nothing in a change that was approved, and follows it', () => {
    const scribe = new Scribe().open();
    scribe.openEpoch(scribe.joined());
    expect(scribe.faults).to.deep.equal([]);
    expect(scribe.ledger.studies.get(scribe.study)?.course?.epochs.map((entry) => entry.from)).to.deep.equal([1, 2]);
    const end = scribe.propose({ kind: 'end', epoch: 2 }, 'HospitalC');
    const approvals = scribe.approve(end, ['HospitalB', 'HospitalC', 'Regulator']);
    scribe.write('ending', endStudy, 'Regulator', { study: scribe.study, member: 'Regulator', record: scribe.record('Regulator'), from: 2, proposal: end, approvals, after: { kind: 'opening' } });
    expect(scribe.faults).to.deep.equal([]);
    expect(scribe.ledger.studies.get(scribe.study)?.course?.end?.from).to.equal(2);
  });

  const broken: [what: string, fault: string, act: (scribe: Scribe) => void][] = [
    ['an epoch that nobody proposed', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch({ epoch: scribe.roster(2, 2, four.slice(0, 3), four) }); }],
    ['an epoch that too few members approved', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch(scribe.joined(['HospitalA', 'HospitalC'])); }],
    ['an epoch that the joining hospital did not approve', 'course.epochs NOT_APPROVED', (scribe) => { scribe.openEpoch(scribe.joined(['HospitalA', 'HospitalB'])); }],
    ['another roster than was approved', 'course.epochs EPOCH_WRONG', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 2, four.slice(1, 3), four) }); }],
    ['an epoch for a round that has begun', 'course.epochs ROUND_NOT_OPEN', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 3, four.slice(0, 3), four) }); }],
    ['an epoch for the first round', 'course.epochs ROUND_NOT_OPEN', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(2, 1, four.slice(0, 3), four) }); }],
    ['a number that is not the next', 'course.epochs EPOCH_NOT_NEW', (scribe) => { scribe.openEpoch({ ...scribe.joined(), epoch: scribe.roster(3, 2, four.slice(0, 3), four) }); }],
    ['a roster with a record that is not current', 'course.epochs RECORD_NOT_CURRENT', (scribe) => {
      const motion = scribe.joined();
      scribe.openEpoch({ ...motion, epoch: { ...motion.epoch, participants: motion.epoch.participants.map((entry) => ({ ...entry, record: scribe.record('HospitalA') })) } });
    }],
    ['a proposal by a stranger', 'course.epochs NOT_AUTHORISED', (scribe) => { scribe.propose({ kind: 'end' }, 'HospitalC'); }],
    ['a proposal of the same twice', 'course.epochs STUDY_EXISTS', (scribe) => { scribe.propose({ kind: 'end' }); scribe.propose({ kind: 'end' }); }],
    ['a decision of somebody whom it does not concern', 'study.approved NOT_AUTHORISED', (scribe) => { scribe.approve(scribe.propose({ kind: 'end' }), ['HospitalC']); }],
    ['a second decision', 'study.approved ALREADY_APPROVED', (scribe) => { const end = scribe.propose({ kind: 'end' }); scribe.approve(end, ['HospitalA', 'HospitalA']); }],
    ['an end that a proposal of another kind should carry', 'course.epochs NOT_APPROVED', (scribe) => {
      const { proposal, approvals } = scribe.joined();
      scribe.write('ending', endStudy, 'HospitalA', { study: scribe.study, member: 'HospitalA', record: scribe.record('HospitalA'), from: 2, proposal, approvals, after: { kind: 'opening' } });
    }],
    ['an abort before the deadline that too few approved', 'round.sealed NOT_APPROVED', (scribe) => {
      const proposal = scribe.propose({ kind: 'abort', round: 1 });
      const approvals = scribe.approve(proposal, ['HospitalA']);
      scribe.write('closing', close('abort'), 'HospitalA', { study: scribe.study, epoch: 1, round: 1, member: 'HospitalA', record: scribe.record('HospitalA'), after: { kind: 'opening' }, kind: 'abort', submissions: [], reason: 'ROUND_ENDED', proposal, approvals });
    }],
  ];
  for (const [what, fault, act] of broken) {
    it(`tells ${what}`, () => {
      const scribe = new Scribe().open();
      act(scribe);
      expect([...new Set(scribe.faults)]).to.deep.equal([fault]);
    });
  }
});
