/** Studies with a committee on the ledger: anchors with the approvals, the link of the round and no other, seals and attestations of the committee only. */
import { expect } from 'chai';
import { aggregatorsIn, canonicalText, firstBeacon, nextBeacon, setDigest, statementDigest, type Json, type RoundRecords, type Study, type Submission } from '@epione/protocol';
import { argument, committeeStudy, Consortium, digestOfText, hospitals, organizations, study } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const document: Study = { ...committeeStudy, rounds: study.rounds };

class Committee {
  readonly house = new Consortium(document);

  link(mspId: string, round: number): string {
    return this.house.link(mspId, round);
  }

  approval(mspId: string, subject = this.house.studyDigest): object {
    return { ...this.house.approval(mspId, subject), ...this.house.anchor(mspId, [...hospitals, 'HospitalD']) };
  }

  approve(mspId: string, approval = this.approval(mspId)): Promise<string> {
    return codeOf(this.house.ledger.run({ mspId }, (ctx) => this.house.studies.approve(ctx, argument(this.house.signed('approval', approval, mspId)))));
  }

  /** The opening statement, with each participant's anchor as `anchors` gives it. */
  open(anchors = (mspId: string): object => ({ anchor: this.link(mspId, 0) })): Promise<string> {
    const { house } = this;
    const approvals = organizations.map((member) => ({ member, approval: statementDigest('approval', this.approval(member) as Json) }));
    const participants = house.entries().map(({ mspId, record }) => ({ mspId, record, ...anchors(mspId) }));
    const statement = { ...house.opening(), approvals, epoch: { epoch: 1, from: 1, participants, aggregators: organizations, quorum: 2 } };
    return codeOf(house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.studies.openStudy(ctx, argument(house.signed('opening', statement, 'HospitalA')))));
  }

  async opened(): Promise<this> {
    for (const mspId of organizations) await this.house.register(mspId);
    await this.house.registerStudy();
    for (const mspId of organizations) expect(await this.approve(mspId)).to.equal('accepted');
    expect(await this.open()).to.equal('accepted');
    return this;
  }

  members(beacon: string): readonly string[] {
    return aggregatorsIn(document, { aggregators: organizations }, { beacon });
  }

  submission(mspId: string, round: number, beacon: string, changes: object = {}): Submission {
    const sealed = this.house.submission(mspId, round).sealed.filter(({ to }) => this.members(beacon).includes(to));
    return this.house.submission(mspId, round, { sealed, beacon: this.link(mspId, round), ...changes });
  }

  submit(statement: Submission): Promise<string> {
    return codeOf(this.house.call('submit', 'submission', statement, statement.participant));
  }

  /** The attestation of a round that all hospitals are in. */
  attest(aggregator: string, round: number, before: string, changes: object = {}, opening: object = {}): Promise<string> {
    const statements = hospitals.map((mspId) => this.submission(mspId, round, before, opening));
    const submissions = statements.map((statement) => ({ participant: statement.participant, digest: statementDigest('submission', statement) }));
    const plain = this.house.attestation(aggregator, round, { beacon: nextBeacon(before, round, hospitals.map((mspId) => this.link(mspId, round))), ...changes });
    return codeOf(this.house.call('attest', 'attestation', { ...plain, ...opening, submissions, result: { ...plain.result, set: setDigest(submissions) } }, aggregator));
  }
}

describe('a committee on the ledger', () => {
  it('wants the anchors that the participants approved with', async () => {
    const found = new Committee();
    for (const mspId of organizations) await found.house.register(mspId);
    await found.house.registerStudy();
    const { anchor: left, ...bare } = found.approval('HospitalA') as { anchor: string };
    expect(left).to.have.length(64);
    expect(await found.approve('HospitalA', bare)).to.equal('BAD_BEACON');
    expect(await found.approve('Regulator', { ...found.approval('Regulator'), anchor: found.link('Regulator', 0) })).to.equal('BAD_FIELD');
    for (const mspId of organizations) expect(await found.approve(mspId)).to.equal('accepted');
    expect(await found.open(() => ({}))).to.equal('BAD_BEACON');
    expect(await found.open((mspId) => ({ anchor: found.link(mspId, 1) }))).to.equal('BAD_BEACON');
    expect(await found.open()).to.equal('accepted');
  });

  it('takes the link of the round, seals for the committee, and its attestations', async () => {
    const found = await new Committee().opened();
    const first = firstBeacon(found.house.studyDigest);
    const committee = found.members(first);
    const outsider = organizations.find((mspId) => !committee.includes(mspId)) ?? '';
    const refused = (changes: object): Promise<string> => found.submit(found.submission('HospitalA', 1, first, changes));
    expect(await refused({ beacon: found.link('HospitalA', 0) })).to.equal('BAD_BEACON');
    expect(await refused({ beacon: found.link('HospitalA', 2) })).to.equal('BAD_BEACON');
    expect(await refused({ beacon: found.link('HospitalB', 1) })).to.equal('BAD_BEACON');
    const { beacon, ...without } = found.submission('HospitalA', 1, first);
    expect(beacon).to.have.length(64);
    expect(await found.submit(without)).to.equal('BAD_BEACON');
    expect(await refused({ sealed: found.house.submission('HospitalA').sealed.slice(0, 1) })).to.equal('RECIPIENTS_WRONG');
    for (const mspId of hospitals) expect(await found.submit(found.submission(mspId, 1, first))).to.equal('accepted');
    expect(await found.attest(outsider, 1, first)).to.equal('NOT_AN_AGGREGATOR');
    expect(await found.attest(committee[0] ?? '', 1, first, { beacon: first })).to.equal('BAD_BEACON');
    for (const mspId of committee.slice(0, 2)) expect(await found.attest(mspId, 1, first)).to.equal('accepted');

    // Round 2 opens on the evidence of two, with another committee's recipients.
    const second = nextBeacon(first, 1, hospitals.map((mspId) => found.link(mspId, 1)));
    const after = { after: { kind: 'ended' as const, attesters: committee.slice(0, 2) } };
    expect(await found.submit(found.submission('HospitalA', 2, second, { ...after, beacon: found.link('HospitalA', 1) }))).to.equal('BAD_BEACON');
    expect(await found.submit(found.submission('HospitalA', 2, second, after))).to.equal('accepted');

    // An abort leaves a beacon without contributions.
    found.house.ledger.now += 70_000;
    const closing = { ...found.house.closing('HospitalB', 'abort', [], 2), ...after };
    expect(await codeOf(found.house.call('abortRound', 'closing', closing, 'HospitalB'))).to.equal('accepted');
    const asked = canonicalText({ study: found.house.studyDigest, round: 2 });
    const { closing: stored } = JSON.parse(await found.house.ledger.evaluate({ mspId: 'Regulator' }, (ctx) => found.house.rounds.getRound(ctx, asked))) as RoundRecords;
    expect(stored?.beacon).to.equal(nextBeacon(second, 2, []));
    const third = { after: { kind: 'aborted' as const }, base: digestOfText('model 1') };
    expect(await found.submit(found.submission('HospitalC', 3, nextBeacon(second, 2, []), third))).to.equal('accepted');
  });

  it('lets a hospital in with the anchor of its approval', async () => {
    const found = await new Committee().opened();
    const { house } = found;
    await house.register('HospitalD');
    const four = [...hospitals, 'HospitalD'];
    const proposal = await house.propose({ kind: 'roster', participants: four, aggregators: organizations, quorum: 2 });
    expect(await found.approve('HospitalD', house.approval('HospitalD', proposal))).to.equal('BAD_BEACON');
    expect(await found.approve('HospitalD', found.approval('HospitalD', proposal))).to.equal('accepted');
    for (const mspId of ['HospitalA', 'HospitalB', 'Regulator']) expect(await found.approve(mspId, house.approval(mspId, proposal))).to.equal('accepted');
    const approvals = ['HospitalA', 'HospitalB', 'HospitalD', 'Regulator'].map((member) => ({ member, approval: statementDigest('approval', (member === 'HospitalD' ? found.approval(member, proposal) : house.approval(member, proposal)) as Json) }));
    const open = (anchorOf: (mspId: string) => string): Promise<string> => {
      const participants = four.map((mspId) => ({ mspId, record: house.record(mspId), anchor: anchorOf(mspId) }));
      return codeOf(house.openEpoch({ ...house.epoch(four, organizations, { proposal, approvals }), epoch: { epoch: 2, from: 2, participants, aggregators: organizations, quorum: 2 } }));
    };
    expect(await open((mspId) => found.link(mspId, mspId === 'HospitalA' ? 1 : 0)), 'who has an anchor keeps it').to.equal('BAD_BEACON');
    expect(await open((mspId) => found.link(mspId, 0))).to.equal('accepted');
  });

  it('has no place in a study without one', async () => {
    const house = await new Consortium().open();
    expect(await codeOf(house.submit('HospitalA', 1, { beacon: '00'.repeat(32) }))).to.equal('BAD_FIELD');
    for (const mspId of hospitals) await house.submit(mspId);
    expect(await codeOf(house.attest('HospitalA', 1, { beacon: '00'.repeat(32) }))).to.equal('BAD_BEACON');
  });
});
