/** Members in force, the votes that carry a proposal, and the rounds that an end leaves. */
import { expect } from 'chai';
import fc from 'fast-check';
import { lastRound, membersIn, type Course, type Epoch } from './course.js';
import { assertProposal, mayDecide, organizationsOf, votesNeeded } from './course-rules.js';
import type { Proposal } from './proposal.js';
import type { Study } from './study.js';
import { codeOf } from './testing/refusal.js';

const record = `sha256:${'1'.repeat(64)}` as const;
const study = { observers: ['Z'], quorums: { approve: 3, submit: 2, attest: 2 }, rounds: { count: 5 }, encoding: { bits: 32, fractionBits: 20, clip: '8', maxWeight: 64 } } as unknown as Study;
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
    expect(codeOf(() => { assertProposal(study, course, roster(['A', 'B'])); })).to.equal('none');
    expect(codeOf(() => { assertProposal(study, course, roster(many)); })).to.equal('SUM_OUT_OF_RANGE');
  });
});
