/** Rounds: the normal course, every refusal of PROTOCOL section 4, and the races that version checks decide. */
import { expect } from 'chai';
import { canonicalText, deriveRound, digestOf, openRound, spentAfter, type BudgetTerms, type RoundRecords, type Spent } from '@epione/protocol';
import { argument, Consortium, digestOfText, hospitals, organizations, study } from './testing/consortium.js';
import { codeOf } from './testing/refusal.js';

const records = async (house: Consortium, round = 1): Promise<RoundRecords> =>
  JSON.parse(await house.ledger.run({ mspId: 'Regulator' }, (ctx) => house.rounds.getRound(ctx, canonicalText({ study: house.studyDigest, round })))) as RoundRecords;

async function stateOf(house: Consortium, round = 1): Promise<string> {
  const course = { openedAt: 0, epochs: [{ epoch: 1, from: 1, participants: hospitals.map((mspId) => ({ mspId, record: digestOfText('') })), aggregators: organizations, quorum: 3 }] };
  const previous = round === 1 ? { attestations: [] } : await records(house, round - 1);
  const opened = openRound(house.study, course, round, house.after(round), previous);
  return deriveRound(house.study, course.epochs[0]!, opened, await records(house, round), house.ledger.now).state;
}

describe('Round', () => {
  it('runs two rounds with two transactions a party and round', async () => {
    const house = await new Consortium().open();
    for (const round of [1, 2]) {
      for (const mspId of hospitals) {
        expect(await stateOf(house, round)).to.equal('open');
        await house.submit(mspId, round);
      }
      expect(await stateOf(house, round)).to.equal('sealed');
      for (const mspId of organizations.slice(0, 3)) await house.attest(mspId, round);
      expect(await stateOf(house, round)).to.equal('final');
    }
    await house.attest('Regulator', 2, { model: digestOfText('another model') });
    expect(await stateOf(house, 2)).to.equal('final');
  });

  it('refuses submissions by code', async () => {
    const house = await new Consortium().open();
    const sealed = house.submission('HospitalA').sealed;
    expect(await codeOf(house.submit('HospitalA', 2))).to.equal('ROUND_NOT_OPEN');
    expect(await codeOf(house.submit('HospitalA', 1, { after: { kind: 'aborted' } }))).to.equal('ROUND_NOT_OPEN');
    expect(await codeOf(house.submit('HospitalA', 4, { after: house.after(2) }))).to.equal('STUDY_ENDED');
    expect(await codeOf(house.submit('HospitalA', 1, { base: digestOfText('old') }))).to.equal('STALE_BASE');
    expect(await codeOf(house.submit('HospitalA', 1, { epoch: 2 }))).to.equal('EPOCH_WRONG');
    expect(await codeOf(house.submit('HospitalA', 1, { study: digestOfText('other') }))).to.equal('STUDY_UNKNOWN');
    expect(await codeOf(house.submit('HospitalA', 1, { record: house.record('HospitalB') }))).to.equal('RECORD_NOT_CURRENT');
    expect(await codeOf(house.submit('HospitalA', 1, { sealed: sealed.slice(1) }))).to.equal('RECIPIENTS_WRONG');
    expect(await codeOf(house.submit('HospitalA', 1, { numExamples: 1001 }))).to.equal('WEIGHT_OUT_OF_RANGE');
    expect(await codeOf(house.submit('HospitalA', 1, { sealed: sealed.map((entry) => ({ ...entry, keyIds: ['one'] })) }))).to.equal('SUITE_REFUSED');
    expect(await codeOf(house.submit('HospitalA', 1, { sealed: sealed.map((entry) => ({ ...entry, suite: 'seal-mlkem768', keyIds: [] })) }))).to.equal('SUITE_REFUSED');
    expect(await codeOf(house.submit('HospitalA', 1, { sealed: sealed.map((entry) => ({ ...entry, suite: 'seal-mlkem512-qkd' as 'seal-mlkem768-qkd' })) }))).to.equal('UNKNOWN_SUITE');
    expect(await codeOf(house.submit('Regulator'))).to.equal('NOT_A_PARTICIPANT');
    const own = house.submission('HospitalA');
    expect(await codeOf(house.call('submit', 'submission', own, 'HospitalA', { certificateOf: 'Stranger' }))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(house.call('submit', 'submission', own, 'HospitalA', { role: 'auditor' }))).to.equal('NOT_AUTHORISED');
    expect(await codeOf(house.call('submit', 'submission', own, 'HospitalB'))).to.equal('CALLER_MISMATCH');
    expect(await codeOf(house.call('submit', 'retraction', own, 'HospitalA'))).to.equal('BAD_SIGNATURE');
    await house.submit('HospitalA', 1, { sealed: sealed.map((entry) => ({ ...entry, suite: 'seal-mlkem768', keyIds: [], reason: 'QKD_UNAVAILABLE' })) });
    expect(await codeOf(house.submit('HospitalA'))).to.equal('ALREADY_SUBMITTED');
  });

  it('holds submissions to the study’s privacy budget', async () => {
    const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '2', epsilon: '2', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };
    const house = await new Consortium({ ...study, privacy }).open();
    const spent = (steps: number): { privacy: Spent } => ({ privacy: spentAfter(privacy, steps) });
    expect(await codeOf((await new Consortium().open()).submit('HospitalA', 1, spent(10)))).to.equal('BAD_FIELD');
    expect(await codeOf(house.submit('HospitalA', 1, spent(15)))).to.equal('BAD_FIELD');
    expect(await codeOf(house.submit('HospitalA', 1, spent(500)))).to.equal('BUDGET_SPENT');
    for (const mspId of hospitals) await house.submit(mspId);
    for (const mspId of organizations.slice(0, 3)) await house.attest(mspId);
    expect(await codeOf(house.submit('HospitalA', 2, spent(10)))).to.equal('BAD_FIELD');
    await house.submit('HospitalA', 2);
  });

  it('refuses a replayed signature over other bytes', async () => {
    const house = await new Consortium().open();
    const signed = house.signed('submission', house.submission('HospitalA'), 'HospitalA');
    const replayed = { ...signed, statement: house.submission('HospitalA', 1, { numExamples: 11 }) };
    expect(await codeOf(house.ledger.run({ mspId: 'HospitalA' }, (ctx) => house.rounds.submit(ctx, argument(replayed))))).to.equal('BAD_SIGNATURE');
  });

  it('retracts before the seal only, once, and lets nobody in again', async () => {
    const house = await new Consortium().open();
    const retraction = (mspId: string): object => ({ study: house.studyDigest, epoch: 1, round: 1, participant: mspId, record: house.record(mspId), submission: house.set([mspId])[0]!.digest, reason: 'CONSENT_WITHDRAWN' });
    const retract = (mspId: string): Promise<string> => house.call('retract', 'retraction', retraction(mspId), mspId);
    expect(await codeOf(retract('HospitalA'))).to.equal('NOT_SUBMITTED');
    await house.submit('HospitalA');
    await retract('HospitalA');
    expect(await codeOf(house.submit('HospitalA'))).to.equal('ALREADY_SUBMITTED');
    await house.submit('HospitalB');
    await house.submit('HospitalC');
    expect(await codeOf(retract('HospitalB'))).to.equal('ROUND_SEALED');
    expect(await stateOf(house)).to.equal('sealed');
  });

  it('closes after the deadline with exactly the live list, and aborts when too few came', async () => {
    const house = await new Consortium().open();
    const close = (participants: string[]): Promise<string> => house.call('closeRound', 'closing', house.closing('Regulator', 'close', house.set(participants)), 'Regulator');
    const abort = (): Promise<string> => house.call('abortRound', 'closing', house.closing('HospitalB', 'abort', []), 'HospitalB');
    await house.submit('HospitalA');
    expect(await codeOf(close(['HospitalA']))).to.equal('TOO_EARLY');
    house.ledger.now += 60_000;
    expect(await codeOf(close(['HospitalA']))).to.equal('TOO_FEW');
    expect(await codeOf(abort())).to.equal('TOO_EARLY');
    await house.submit('HospitalB');
    expect(await codeOf(close(['HospitalA']))).to.equal('WRONG_SET');
    expect(await codeOf(abort())).to.equal('TOO_EARLY');
    await close(['HospitalA', 'HospitalB']);
    expect(await codeOf(house.submit('HospitalC'))).to.equal('ROUND_CLOSED');
    expect(await stateOf(house)).to.equal('sealed');
    expect(await codeOf(house.call('closeRound', 'closing', house.closing('Regulator', 'abort', []), 'Regulator'))).to.equal('BAD_FIELD');
  });

  it('aborts an overdue round; the next one opens on the same base', async () => {
    const house = await new Consortium().open();
    house.ledger.now += 60_000 + 10_000;
    await house.call('abortRound', 'closing', house.closing('HospitalB', 'abort', []), 'HospitalB');
    expect(await stateOf(house)).to.equal('aborted');
    expect(await codeOf(house.attest('HospitalA'))).to.equal('ROUND_ENDED');
    await house.submit('HospitalA', 2, { after: { kind: 'aborted' }, base: 'zeros' });
    expect(await codeOf(house.submit('HospitalB', 2))).to.equal('ROUND_NOT_OPEN');
  });

  it('carries the state of the server’s strategy over a failed and an aborted round', async () => {
    const strategy = { ...study.strategy, name: 'fedavgm' as const, parameters: [{ name: 'momentum', value: '0.9' }] };
    const house = await new Consortium({ ...study, strategy }).open();
    const state = digestOfText('state 1');
    const without = (of: object, member: string): object => Object.fromEntries(Object.entries(of).filter(([name]) => name !== member));
    const withoutModel = (mspId: string, changes: object): Promise<string> => {
      const statement = house.attestation(mspId, 2);
      const result = { ...without(statement.result, 'model'), outcome: 'failure', code: 'TOO_FEW', ...changes };
      return house.call('attest', 'attestation', { ...without(statement, 'witness'), result }, mspId);
    };
    for (const mspId of hospitals) await house.submit(mspId);
    expect(await codeOf(house.attest('HospitalA'))).to.equal('BAD_FIELD');
    for (const mspId of hospitals) await house.attest(mspId, 1, { state });
    for (const mspId of hospitals) await house.submit(mspId, 2);
    expect(await codeOf(withoutModel('HospitalA', {}))).to.equal('BAD_FIELD');
    expect(await codeOf(withoutModel('HospitalA', { state: digestOfText('another') }))).to.equal('BAD_FIELD');
    for (const mspId of hospitals) await withoutModel(mspId, { state });
    const course = { openedAt: 0, epochs: [{ epoch: 1, from: 1, participants: [], aggregators: organizations, quorum: 3 }] };
    expect(openRound(house.study, course, 3, house.after(3), await records(house, 2))).to.deep.include({ base: digestOfText('model 1'), state });
    house.ledger.now += 60_000 + 10_000;
    await house.call('abortRound', 'closing', house.closing('HospitalB', 'abort', [], 3), 'HospitalB');
    expect((await records(house, 3)).closing).to.deep.include({ base: digestOfText('model 1'), state });
  });

  it('refuses a state from a strategy that has none', async () => {
    const house = await new Consortium().open();
    for (const mspId of hospitals) await house.submit(mspId);
    expect(await codeOf(house.attest('HospitalA', 1, { state: digestOfText('state 1') }))).to.equal('BAD_FIELD');
  });

  it('refuses attestations by code', async () => {
    const house = await new Consortium().open();
    await house.submit('HospitalA');
    expect(await codeOf(house.attest('HospitalA'))).to.equal('NOT_SEALED');
    await house.submit('HospitalB');
    await house.submit('HospitalC');
    expect(await codeOf(house.attest('HospitalA', 1, { base: digestOfText('old') }))).to.equal('STALE_BASE');
    expect(await codeOf(house.attest('HospitalA', 1, { set: digestOf(new Uint8Array()) }))).to.equal('WRONG_SET');
    const { witness, ...without } = house.attestation('HospitalA');
    expect(witness).to.have.length(64);
    expect(await codeOf(house.call('attest', 'attestation', without, 'HospitalA'))).to.equal('BAD_FIELD');
    const fewer = house.attestation('HospitalA', 1, {}, ['HospitalA', 'HospitalB']);
    expect(await codeOf(house.call('attest', 'attestation', fewer, 'HospitalA'))).to.equal('WRONG_SET');
    await house.attest('HospitalA');
    expect(await codeOf(house.attest('HospitalA'))).to.equal('ALREADY_ATTESTED');
  });

  it('lets parallel submissions commit without a conflict', async () => {
    const house = await new Consortium().open();
    const simulations = await Promise.all(
      hospitals.map((mspId) => house.ledger.simulate({ mspId }, (ctx) => house.rounds.submit(ctx, argument(house.signed('submission', house.submission(mspId), mspId))))),
    );
    expect(house.ledger.submit(simulations)).to.deep.equal(['VALID', 'VALID', 'VALID']);
    expect(simulations.map((simulation) => simulation.readWriteSet.writes.size)).to.deep.equal([1, 1, 1]);
  });

  it('lets only one of a late submission and a closing win', async () => {
    for (const first of ['submission', 'closing']) {
      const house = await new Consortium().open();
      await house.submit('HospitalA');
      await house.submit('HospitalB');
      house.ledger.now += 60_000;
      const late = await house.ledger.simulate({ mspId: 'HospitalC' }, (ctx) => house.rounds.submit(ctx, argument(house.signed('submission', house.submission('HospitalC'), 'HospitalC'))));
      const close = await house.ledger.simulate({ mspId: 'Regulator' }, (ctx) => house.rounds.closeRound(ctx, argument(house.signed('closing', house.closing('Regulator', 'close', house.set(['HospitalA', 'HospitalB'])), 'Regulator'))));
      const order = first === 'submission' ? [late, close] : [close, late];
      expect(house.ledger.submit(order)).to.deep.equal(['VALID', 'MVCC_READ_CONFLICT']);
    }
  });

  it('never has both an attested end and an abort', async () => {
    const house = await new Consortium().open();
    for (const mspId of hospitals) await house.submit(mspId);
    for (const mspId of organizations.slice(0, 2)) await house.attest(mspId);
    house.ledger.now += 120_000;
    const last = await house.ledger.simulate({ mspId: 'HospitalC' }, (ctx) => house.rounds.attest(ctx, argument(house.signed('attestation', house.attestation('HospitalC'), 'HospitalC'))));
    const abort = await house.ledger.simulate({ mspId: 'Regulator' }, (ctx) => house.rounds.abortRound(ctx, argument(house.signed('closing', house.closing('Regulator', 'abort', []), 'Regulator'))));
    expect(house.ledger.submit([last, abort])).to.deep.equal(['VALID', 'MVCC_READ_CONFLICT']);
  });
});
