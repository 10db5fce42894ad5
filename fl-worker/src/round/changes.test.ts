// A study that changes while it runs: a hospital joins, another leaves, the members end it or abort a round.
import { expect } from 'chai';
import { decodeModel, latestEpoch, statementDigest, type Course, type Digest, type Proposal } from '@epione/protocol';
import { readTrainingData, takePart } from '../run.js';
import { seededRandom } from '../random.js';
import { openTestSite, organizations, rowsOf, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { loadTf } from '../training/tf.js';
import { train } from '../training/train.js';
import type { Ending } from '../worker.js';
import { changedRoster } from './changes.js';

const options = { signal: new AbortController().signal, stopOnAbort: false };
const founders = ['HospitalA', 'HospitalB'];

describe('changes of a study', function () {
  this.timeout(120_000);

  type Told = (mspId: string, event: string, facts: object) => void;
  const run = async (house: TestConsortium, ledger: TestLedger, mspIds: readonly string[], told: Told = () => undefined): Promise<Ending[]> =>
    Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger, (event, facts = {}) => { told(mspId, event, facts); }), house.digest, options)));
  const found = (count: number, mspIds: readonly string[] = founders): Promise<TestConsortium> => TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count } }, mspIds);
  const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);
  const courseOf = async (house: TestConsortium, ledger: TestLedger): Promise<Course> => (await ledger.getStudy(house.digest)).course!;
  const whoSubmitted = async (ledger: TestLedger, round: number): Promise<string[]> => (await ledger.getRound('', round)).slots.map((slot) => slot.statement.participant);
  const by = (house: TestConsortium, member: string, change: object): Proposal =>
    ({ study: house.digest, member, record: statementDigest('participant', house.of(member).record), epoch: 1, ...change }) as Proposal;

  it('lets a hospital in that was watching; it trains on the others\' model from the next round on', async () => {
    await using house = await found(4);
    const ledger = newLedger(house);
    const [first] = (await courseOf(house, ledger)).epochs;
    ledger.propose(by(house, 'HospitalA', { kind: 'roster', ...changedRoster(house.study, first!, { add: ['HospitalC'] }) }), ['HospitalA', 'HospitalB', 'HospitalC']);
    const events: string[] = [];
    const endings = await run(house, ledger, organizations, (mspId, event) => events.push(`${mspId} ${event}`));
    const { epochs } = await courseOf(house, ledger);
    expect(epochs).to.have.length(2);
    const { from, aggregators, participants } = epochs[1]!;
    expect(from).to.be.within(2, 3);
    expect(aggregators).to.deep.equal(organizations);
    expect(participants.map((entry) => entry.record)).to.deep.equal(['HospitalA', 'HospitalB', 'HospitalC'].map((mspId) => statementDigest('participant', house.of(mspId).record)));
    for (const round of [1, 2, 3, 4]) expect(await whoSubmitted(ledger, round)).to.deep.equal(round < from ? founders : [...founders, 'HospitalC']);
    expect((await ledger.getRound('', 4)).attestations.map((entry) => entry.statement.aggregator)).to.deep.equal(organizations);
    expect(events.filter((event) => event === 'HospitalC round of others')).to.have.length(from - 1);
    expect(new Set(endings.map((ending) => JSON.stringify(ending)))).to.have.length(1);
    expect(endings[0]!.outcome).to.equal('complete');

    const tf = await loadTf();
    let model = new Float32Array(3);
    for (const round of [1, 2, 3, 4]) {
      const who = round < from ? founders : [...founders, 'HospitalC'];
      const total = who.reduce((sum, mspId) => sum + rowsOf(mspId), 0);
      const local = await Promise.all(who.map(async (mspId) => train(tf, house.study, model, await readTrainingData(house.of(mspId).config, house.study), seededRandom('training', 'seed', round, mspId))));
      model = model.map((_, k) => who.reduce((sum, mspId, at) => sum + (rowsOf(mspId) * local[at]![k]!) / total, 0));
    }
    const site = await house.site('HospitalC', ledger);
    decodeModel((await site.blobs.get(endings[0]!.model as Digest))!).forEach((parameter, k) => expect(parameter).to.be.closeTo(model[k]!, 1e-6));
  });

  it('lets a hospital go, which then only watches', async () => {
    await using house = await found(3, ['HospitalA', 'HospitalB', 'HospitalC']);
    const ledger = newLedger(house);
    const [first] = (await courseOf(house, ledger)).epochs;
    ledger.propose(by(house, 'Regulator', { kind: 'roster', ...changedRoster(house.study, first!, { remove: ['HospitalC'] }) }), ['HospitalA', 'HospitalB', 'Regulator']);
    const endings = await run(house, ledger, organizations);
    const last = latestEpoch(await courseOf(house, ledger));
    expect(last).to.deep.include({ epoch: 2, aggregators: ['HospitalA', 'HospitalB', 'Regulator'], quorum: 2 });
    expect(await whoSubmitted(ledger, last.from - 1)).to.include('HospitalC');
    expect(await whoSubmitted(ledger, 3)).to.deep.equal(founders);
    expect(endings.map((ending) => ending.outcome)).to.deep.equal(organizations.map(() => 'complete'));
  });

  it('changes nothing that too few approved', async () => {
    await using house = await found(2);
    const ledger = newLedger(house);
    const [first] = (await courseOf(house, ledger)).epochs;
    ledger.propose(by(house, 'HospitalA', { kind: 'roster', ...changedRoster(house.study, first!, { add: ['HospitalC'] }) }), ['HospitalA', 'HospitalC']);
    await run(house, ledger, [...founders, 'Regulator']);
    expect((await courseOf(house, ledger)).epochs).to.have.length(1);
  });

  it('ends after the running round when the members want it so', async () => {
    await using house = await found(50);
    const ledger = newLedger(house);
    ledger.propose(by(house, 'HospitalB', { kind: 'end' }), ['HospitalB', 'Regulator']);
    const endings = await run(house, ledger, [...founders, 'Regulator']);
    const { end } = await courseOf(house, ledger);
    expect(end!.from).to.be.within(2, 4);
    expect((await ledger.getRound('', end!.from)).slots).to.have.length(0);
    expect(new Set(endings.map((ending) => ending.outcome))).to.deep.equal(new Set(['complete']));
  });

  it('revokes the record of a member when the others want it so, waits for it, and goes on when it is back with another one', async () => {
    await using house = await found(2);
    const ledger = newLedger(house);
    const { config, record } = house.of('HospitalB');
    const before = statementDigest('participant', record);
    ledger.propose(by(house, 'Regulator', { kind: 'revoke', mspId: 'HospitalB', revokes: before, reason: 'compromised', since: 0 }), ['HospitalA', 'Regulator']);
    const back = { ...record, version: 2, previous: before };
    /** Starts workers. @returns once one of them has told something, with their endings. */
    const until = async (mspIds: string[], awaited: string): Promise<{ endings: Promise<Ending[]> }> => {
      const { promise, resolve } = Promise.withResolvers<{ endings: Promise<Ending[]> }>();
      const endings = run(house, ledger, mspIds, (_, event) => { if (event === awaited) resolve({ endings }); });
      return promise;
    };
    const regulator = await until(['Regulator'], 'revoked a record');
    const alone = await until(['HospitalA'], 'waiting for a record');
    expect((await ledger.getParticipant('HospitalB')).state).to.deep.include({ record: before, status: 'revoked', reason: 'compromised', since: 0 });
    expect(await whoSubmitted(ledger, 1)).to.deep.equal([]);
    ledger.admit(back);
    const returned = takePart(await openTestSite(config, ledger, back, () => undefined), house.digest, options);
    const endings = [...(await regulator.endings), ...(await alone.endings), await returned];
    expect(endings.map((ending) => ending.outcome)).to.deep.equal(['complete', 'complete', 'complete']);
    const { slots } = await ledger.getRound('', 1);
    expect(slots.map((slot) => slot.statement.record)).to.deep.equal([statementDigest('participant', house.of('HospitalA').record), statementDigest('participant', back)]);
    expect((await ledger.getParticipant('HospitalB')).state, 'a proposal serves once').to.deep.include({ status: 'current', version: 2 });
  });

  it('aborts a round that waits for somebody, and goes on', async () => {
    await using house = await found(1);
    const ledger = newLedger(house);
    ledger.propose(by(house, 'HospitalA', { kind: 'abort', round: 1 }), ['HospitalA', 'Regulator']);
    const endings = await run(house, ledger, ['HospitalA', 'Regulator']);
    expect((await ledger.getRound('', 1)).closing?.statement).to.deep.include({ kind: 'abort', member: 'HospitalA' });
    expect(endings).to.deep.equal([{ outcome: 'refused', code: 'ROUND_ENDED' }, { outcome: 'refused', code: 'ROUND_ENDED' }]);
  });
});
