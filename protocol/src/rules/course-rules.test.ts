/** Members in force, the votes that carry a proposal, and the rounds that an end leaves. */
import { expect } from 'chai';
import fc from 'fast-check';
import { lastRound, membersIn, type Course, type Epoch } from './course.js';
import { assertProposal, mayDecide, organizationsOf, votesNeeded } from './course-rules.js';
import type { Approval } from '../statements/approval.js';
import type { Proposal } from '../statements/proposal.js';
import type { Stored } from '../statements/signed.js';
import type { Study } from '../statements/study.js';
import { codeOf } from '../testing/refusal.js';

const record = `sha256:${'1'.repeat(64)}` as const;
const study = { aggregation: { mode: 'visible' }, observers: ['Z'], quorums: { approve: 3, submit: 2, attest: 2 }, rounds: { count: 5 }, encoding: { bits: 32, fractionBits: 20, clip: '8', maxWeight: 64 } } as unknown as Study;
const epoch = (number: number, from: number, participants: readonly string[], aggregators: readonly string[]): Epoch => ({
  epoch: number, from, participants: participants.map((mspId) => ({ mspId, record })), aggregators: [...aggregators], quorum: Math.floor(aggregators.length / 2) + 1,
});
const course: Course = { openedAt: 0, epochs: [epoch(1, 1, ['A', 'B'], ['A', 'R']), epoch(2, 3, ['A', 'B', 'C'], ['A', 'R'])] };
const roster = (participants: string[], aggregators = ['A', 'R'], quorum = 2): Proposal => ({ study: record, member: 'A', record, epoch: 2, kind: 'roster', participants, aggregators, quorum });

describe('the course of a study', () => {
  it('has the members of its epochs and the observers', () => {
    expect(course.epochs.map((entry) => membersIn(study, entry))).to.deep.equal([['A', 'B', 'R', 'Z'], ['A', 'B', 'C', 'R', 'Z']]);
    expect(organizationsOf({ participants: ['B', 'A'], aggregators: ['R', 'A'] })).to.deep.equal(['A', 'B', 'R']);
  });

  it('ends after the planned rounds, or before', () => {
    expect(lastRound(study, course)).to.equal(5);
    expect(lastRound(study, { ...course, end: { from: 4, time: 0 } })).to.equal(3);
  });

  it('needs more than half of the members for a change, never fewer than agreed, never more than there are (10,000 draws)', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 64 }), (members, approve) => {
      const needed = votesNeeded({ quorums: { ...study.quorums, approve } }, members);
      expect(needed * 2).to.be.above(members);
      expect(needed).to.be.at.most(members);
      expect(needed).to.be.at.least(Math.min(members, approve));
    }), { numRuns: 10_000 });
  });

  it('lets those decide who are members, and those whom a roster lets in', () => {
    expect(['A', 'C', 'Z', 'D', 'X'].map((mspId) => mayDecide(study, course, roster(['A', 'B', 'C', 'D']), mspId))).to.deep.equal([true, true, true, true, false]);
  });

  it('refuses a roster whose sum can overflow', () => {
    const many = Array.from({ length: 4 }, (_, at) => `H${at}`);
    expect(codeOf(() => { assertProposal(study, course, roster(['A', 'B']), new Map()); })).to.equal('none');
    expect(codeOf(() => { assertProposal(study, course, roster(many), new Map()); })).to.equal('SUM_OUT_OF_RANGE');
  });

  it('refuses a masked roster of which fewer than half may make a sum', () => {
    const masked = (participants: number): string => codeOf(() => {
      const document = { ...study, aggregation: { mode: 'masked' }, quorums: { ...study.quorums, submit: 3 }, encoding: { ...study.encoding, maxWeight: 1 } } as unknown as Study;
      assertProposal(document, course, roster(Array.from({ length: participants }, (_, at) => `H${at}`)), new Map());
    });
    expect([masked(2), masked(3), masked(5), masked(6)]).to.deep.equal(['TOO_FEW', 'none', 'none', 'TOO_FEW']);
  });

  it('lets all others decide on a member\'s keys, if it came by its own approval and they are two at least', () => {
    const admit = (mspId: string, changes: object = {}): Proposal => ({ study: record, member: 'A', record, epoch: 2, kind: 'admit', mspId, admits: record, ...changes });
    const onStudy = new Map(([['B', 'approve'], ['R', 'reject']] as const).map(([member, decision]) => [member, { statement: { subject: record, member, record, decision } } as Stored<Approval>]));
    const propose = (statement: Proposal, of: Course = course): string => codeOf(() => { assertProposal(study, of, statement, onStudy); });
    expect(['A', 'B', 'C', 'R', 'Z', 'X'].map((mspId) => mayDecide(study, course, admit('B'), mspId))).to.deep.equal([true, false, true, true, true, false]);
    expect(propose(admit('B'))).to.equal('none');
    expect(propose(admit('C')), 'who came later has approved of coming').to.equal('none');
    expect(propose(admit('R')), 'who is a member against its will').to.equal('NOT_AUTHORISED');
    expect(propose(admit('X'))).to.equal('NOT_AUTHORISED');
    expect(propose(admit('B', { member: 'B' }))).to.equal('NOT_AUTHORISED');
    const ended = { ...course, end: { from: 4, time: 0 } };
    expect(propose(admit('B'), ended), 'the way back stays open').to.equal('none');
    const revoke = (changes: object): Proposal => ({ ...admit('B'), kind: 'revoke', revokes: record, reason: 'compromised', admits: undefined, ...changes }) as unknown as Proposal;
    expect(propose(revoke({ since: 5 }))).to.equal('none');
    expect(propose(revoke({ since: 5, reason: 'left' }))).to.equal('BAD_FIELD');
    expect(propose(revoke({}), ended)).to.equal('STUDY_ENDED');
    const two = { ...study, observers: [] } as unknown as Study;
    const pair: Course = { openedAt: 0, epochs: [epoch(1, 1, ['A', 'B'], ['A', 'B'])] };
    expect(codeOf(() => { assertProposal(two, pair, admit('B', { epoch: 1 }), onStudy); })).to.equal('TOO_FEW');
    expect(votesNeeded(study, 5, 4), 'a majority of all members').to.equal(3);
    expect(votesNeeded({ quorums: { ...study.quorums, approve: 5 } }, 5, 4), 'never more than may vote').to.equal(4);
  });
});
