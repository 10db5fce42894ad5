/** The derived states of a round: the table of PROTOCOL section 4, and properties over random histories. */
import { expect } from 'chai';
import fc from 'fast-check';
import { epochOf, type Course } from './course.js';
import { digestOf } from '../encoding/digest.js';
import { deriveRound, evidenceAfter, openRound, setDigest, submissionDigest, type RoundRecords, type Slot, type StoredClosing } from './round.js';
import type { Stored } from '../statements/signed.js';
import type { Study } from '../statements/study.js';
import type { Attestation, Result, Submission } from '../statements/submission.js';

const digest = (text: string): `sha256:${string}` => digestOf(new TextEncoder().encode(text)) as `sha256:${string}`;
const hospitals = ['HospitalA', 'HospitalB', 'HospitalC'];
const all = [...hospitals, 'Regulator'];
const study = { quorums: { approve: 3, submit: 2, attest: 3 }, rounds: { count: 5, submitMs: 1000, graceMs: 500, attestMs: 2000 }, model: { initial: 'zeros' }, aggregation: { mode: 'visible', rule: 'mean' } } as unknown as Study;
const epoch = { epoch: 1, from: 1, participants: hospitals.map((mspId) => ({ mspId, record: digest(mspId) })), aggregators: all, quorum: 3 };
const course: Course = { openedAt: 100, epochs: [epoch] };
const opened = { base: 'zeros' as const, openedAt: 100 };
const stored = { by: 'HospitalA', signature: 'AA', txId: '00' };

const submissionOf = (participant: string): Submission => ({ participant, round: 1, blob: digest(`blob ${participant}`) }) as unknown as Submission;
const submitted = (participant: string, time: number): Slot => ({ kind: 'submission', ...stored, time, statement: submissionOf(participant) });
const retracted = (participant: string, time: number): Slot => ({ kind: 'retraction', ...stored, time, statement: { participant } as never });
const setOf = (participants: readonly string[]): { participant: string; digest: `sha256:${string}` }[] => participants.map((participant) => ({ participant, digest: submissionDigest(submissionOf(participant)) as `sha256:${string}` }));
const resultOf = (model: string, changes: Partial<Result> = {}): Result => ({ outcome: 'model', base: 'zeros', set: setDigest(setOf(hospitals)), excluded: [], model: digest(model), ...changes });
const attested = (aggregator: string, time: number, result = resultOf('m')): Stored<Attestation> => ({ ...stored, time, statement: { aggregator, result } as unknown as Attestation });
const closed = (kind: 'close' | 'abort', time: number, participants: string[] = []): StoredClosing => ({ ...stored, time, base: 'zeros', statement: { kind, submissions: setOf(participants), reason: 'TOO_FEW' } as never });
const full = hospitals.map((id, at) => submitted(id, 200 + at));
const state = (records: Partial<RoundRecords>, now = 300): ReturnType<typeof deriveRound> => deriveRound(study, epoch, opened, { slots: [], attestations: [], ...records }, now);

describe('deriveRound', () => {
  it('is open until every slot is filled, and counts its deadline from the earliest submission', () => {
    expect(state({})).to.deep.equal({ state: 'open', live: [], missing: hospitals, deadline: 1100, overdue: false });
    expect(state({ slots: [submitted('HospitalB', 400), retracted('HospitalC', 150)] }, 1400)).to.deep.equal({ state: 'open', live: ['HospitalB'], missing: ['HospitalA'], deadline: 1400, overdue: true });
  });

  it('seals when all slots are filled and enough are live', () => {
    expect(state({ slots: full })).to.deep.include({ state: 'sealed', sealedAt: 202, awaited: all, deadline: 2202 });
    expect(state({ slots: [full[0]!, full[1]!, retracted('HospitalC', 150)] })).to.deep.include({ state: 'sealed', set: setOf(['HospitalA', 'HospitalB']) });
    expect(state({ slots: [full[0]!, retracted('HospitalB', 150), retracted('HospitalC', 150)] }).state).to.equal('open');
  });

  it('takes the explicit list of a closing', () => {
    expect(state({ slots: full.slice(0, 2), closing: closed('close', 900, ['HospitalA', 'HospitalB']) })).to.deep.include({ state: 'sealed', sealedAt: 900, set: setOf(['HospitalA', 'HospitalB']) });
  });

  it('ends by a quorum of equal results, names dissent, and counts late attestations in', () => {
    const two = [attested('HospitalA', 500), attested('HospitalB', 400)];
    expect(state({ slots: full, attestations: two })).to.deep.include({ state: 'sealed', awaited: ['HospitalC', 'Regulator'], deadline: 2400 });
    const split = [...two, attested('HospitalC', 600, resultOf('another'))];
    expect(state({ slots: full, attestations: split }).state).to.equal('sealed');
    const ended = state({ slots: full, attestations: [...split, attested('Regulator', 700)] });
    expect(ended).to.deep.include({ state: 'final', attesters: ['HospitalA', 'HospitalB', 'Regulator'], dissent: ['HospitalC'], endedAt: 700 });
    expect(evidenceAfter(ended, 3)).to.deep.equal({ kind: 'ended', attesters: ['HospitalA', 'HospitalB', 'Regulator'] });
    const failure = resultOf('', { outcome: 'failure', code: 'TOO_FEW' });
    expect(state({ slots: full, attestations: hospitals.map((id) => attested(id, 500, failure)) }).state).to.equal('failed');
  });

  it('is aborted by an abort, whatever else was written', () => {
    expect(state({ slots: full, closing: closed('abort', 900), attestations: all.map((id) => attested(id, 500)) })).to.deep.equal({ state: 'aborted', base: 'zeros', reason: 'TOO_FEW', endedAt: 900 });
  });

  it('depends on no order, and never leaves an end (1,000 random histories)', () => {
    const rank = { open: 0, sealed: 1, final: 2, failed: 2, aborted: 2 };
    const step = fc.record({ kind: fc.constantFrom('submit', 'attest'), who: fc.constantFrom(...all), model: fc.constantFrom('m', 'n') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 14 }), fc.integer({ min: 0, max: 1000 }), (steps, pick) => {
        const slots: Slot[] = [];
        const attestations: Stored<Attestation>[] = [];
        let before = state({ slots, attestations });
        steps.forEach(({ kind, who, model }, at) => {
          if (kind === 'submit' && hospitals.includes(who) && !slots.some((slot) => slot.statement.participant === who)) slots.push(submitted(who, 200 + at));
          if (kind === 'attest' && before.state !== 'open' && !attestations.some((entry) => entry.statement.aggregator === who)) attestations.push(attested(who, 200 + at, resultOf(model)));
          const now = state({ slots, attestations });
          expect(rank[now.state]).to.be.at.least(rank[before.state]);
          if (before.state === 'final') expect(now).to.deep.include({ state: 'final', result: before.result, set: before.set });
          before = now;
        });
        const turn = <T>(list: readonly T[]): T[] => [...list.slice(pick % (list.length || 1)), ...list.slice(0, pick % (list.length || 1))];
        expect(state({ slots: turn(slots), attestations }).state).to.equal(before.state);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('openRound', () => {
  const three = hospitals.map((id, at) => attested(id, 500 + at));

  it('takes the opening for round 1 only', () => {
    expect(openRound(study, course, 1, { kind: 'opening' }, { attestations: [] })).to.deep.equal({ base: 'zeros', openedAt: 100 });
    expect(() => openRound(study, course, 2, { kind: 'opening' }, { attestations: [] })).to.throw('round 2 is not opened');
    expect(() => openRound(study, course, 1, { kind: 'aborted' }, { attestations: [] })).to.throw('round 1 is not opened');
    expect(() => openRound(study, course, 6, { kind: 'opening' }, { attestations: [] })).to.throw('5 rounds');
  });

  it('takes exactly a quorum of equal attestations by aggregators', () => {
    const ended = (attesters: string[], attestations = three): ReturnType<typeof openRound> => openRound(study, course, 2, { kind: 'ended', attesters }, { attestations });
    expect(ended(hospitals)).to.deep.equal({ base: digest('m'), openedAt: 502 });
    expect(() => ended(hospitals.slice(0, 2))).to.throw('not the quorum');
    expect(() => ended(all)).to.throw('not the quorum');
    expect(() => ended([...hospitals.slice(0, 2), 'Stranger'])).to.throw('no aggregator');
    expect(() => ended([...hospitals.slice(0, 2), 'Regulator'])).to.throw('lacks an attestation');
    expect(() => ended(hospitals, [...three.slice(0, 2), attested('HospitalC', 1, resultOf('n'))])).to.throw('differ');
    const failure = hospitals.map((id) => attested(id, 500, resultOf('', { outcome: 'failure', code: 'TOO_FEW' })));
    expect(ended(hospitals, failure).base).to.equal('zeros');
  });

  it('takes an abort of the round before', () => {
    expect(openRound(study, course, 2, { kind: 'aborted' }, { attestations: [], closing: closed('abort', 900) })).to.deep.equal({ base: 'zeros', openedAt: 900 });
    expect(() => openRound(study, course, 2, { kind: 'aborted' }, { attestations: [], closing: closed('close', 900) })).to.throw('not aborted');
  });

  it('finds the epoch of a round', () => {
    const later = { ...epoch, epoch: 2, from: 3 };
    expect([1, 2, 3, 9].map((round) => epochOf({ openedAt: 0, epochs: [epoch, later] }, round)?.epoch)).to.deep.equal([1, 1, 2, 2]);
  });
});
