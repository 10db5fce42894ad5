// Masked mode among real sites: the same model as in the open, whoever is killed, drops out or falls silent; keys that are used up are renewed.
import { expect } from 'chai';
import { statementDigest, type Proposal } from '@epione/protocol';
import type { Report } from './progress.js';
import { takePart } from './run.js';
import type { StudyTemplate } from './study-template.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { secretsBelow } from './testing/find-secret.js';
import { lifeOf, type Death } from './testing/life.js';
import { TestLedger } from './testing/round-ledger.js';
import type { Ending } from './worker.js';

const masked = (count: number, epochRounds: number, rounds: Partial<StudyTemplate['rounds']> = {}, expansion: 'mask-aes256ctr' | 'mask-otp' = 'mask-aes256ctr'): StudyTemplate => ({
  ...smallTemplate, rounds: { ...smallTemplate.rounds, count, ...rounds }, aggregation: { mode: 'masked', expansion, epochRounds },
});
const options = { signal: new AbortController().signal, stopOnAbort: false };
const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);

async function runSites(house: TestConsortium, ledger: TestLedger, mspIds: readonly string[], reportOf: (mspId: string) => Report = () => () => undefined): Promise<Ending[]> {
  return Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger, reportOf(mspId)), house.digest, options)));
}

describe('masked mode', function () {
  this.timeout(300_000); // processes that load TensorFlow.js, also on a busy machine
  const undisturbed = new Map<number, string | undefined>();
  before(async () => {
    for (const count of [1, 2, 3]) {
      await using house = await TestConsortium.found({ ...smallTemplate, rounds: { ...smallTemplate.rounds, count } });
      undisturbed.set(count, (await runSites(house, newLedger(house), organizations))[0]!.model);
    }
  });

  it('ends in the model of visible mode, bit for bit, and puts no number of rows on the ledger', async () => {
    await using house = await TestConsortium.found(masked(2, 10));
    const ledger = newLedger(house);
    const endings = await runSites(house, ledger, organizations);
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed.get(2) })));
    const { slots, attestations } = await ledger.getRound('', 2);
    expect(JSON.stringify(slots)).not.to.include('numExamples');
    for (const { statement } of attestations) expect(statement.reveals?.map(({ participant }) => participant)).to.deep.equal(hospitals);
  });

  it('sums under masks of profile long-term', async () => {
    const suites = { ...smallTemplate.suites, profile: 'long-term' as const, signature: 'mldsa87' as const, sealing: ['seal-mlkem1024-qkd' as const] };
    await using house = await TestConsortium.found({ ...masked(1, 10), suites });
    const [ending, ...others] = await runSites(house, newLedger(house), organizations);
    expect(ending!.model).to.match(/^sha512:/);
    for (const other of others) expect(other).to.deep.equal({ outcome: 'complete', model: ending!.model });
  });

  it('renews its pair keys before they are used up', async () => {
    await using house = await TestConsortium.found(masked(3, 1));
    const ledger = newLedger(house);
    const endings = await runSites(house, ledger, organizations);
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed.get(3) })));
    const { course } = await ledger.getStudy(house.digest);
    expect(course?.epochs.map(({ epoch, from }) => [epoch, from])).to.deep.equal([[1, 1], [2, 2], [3, 3]]);
    const keyIds = (await Promise.all([1, 2, 3].map((epoch) => ledger.listSetups(house.digest, epoch)))).flat().flatMap(({ statement }) => statement.pairs.flatMap((pair) => pair.keyIds));
    expect(keyIds).to.have.length(9); // three pairs an epoch
    expect(new Set(keyIds)).to.have.length(9);
  });

  it('sets up anew for a roster that the members have approved', async () => {
    await using house = await TestConsortium.found(masked(20, 30)); // rounds enough for a change to be seen and made
    const ledger = newLedger(house);
    const { record } = house.of('HospitalA');
    const proposal: Proposal = { study: house.digest, member: 'HospitalA', record: statementDigest('participant', record), epoch: 1, kind: 'roster', participants: hospitals, aggregators: hospitals, quorum: 2 };
    const running = runSites(house, ledger, organizations);
    while ((await ledger.getStudy(house.digest)).course === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    ledger.propose(proposal, organizations);
    const [first, ...others] = await running;
    expect(first).to.have.property('outcome', 'complete');
    for (const other of others.slice(0, 2)) expect(other).to.deep.equal(first);
    const { course } = await ledger.getStudy(house.digest);
    expect(course?.epochs.map(({ epoch, aggregators }) => [epoch, aggregators.length])).to.deep.equal([[1, 4], [2, 3]]);
    expect(await ledger.listSetups(house.digest, 2)).to.have.length(3);
  });

  it('under one-time pads ends in the same model, each pad key named once and no pad left in the state', async () => {
    await using house = await TestConsortium.found(masked(2, 2, {}, 'mask-otp'));
    const ledger = newLedger(house);
    const endings = await runSites(house, ledger, organizations);
    expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed.get(2) })));
    const padKeyIds = (await ledger.listSetups(house.digest, 1)).flatMap(({ statement }) => statement.pairs.flatMap((pair) => pair.padKeyIds ?? []));
    expect(padKeyIds).to.have.length(3 * 4); // 2 rounds of 240 bytes a pair, in keys of at most 1024 bits
    expect(new Set(padKeyIds)).to.have.length(3 * 4);
    const pads = new Map(padKeyIds.map((id) => [id, Buffer.from(house.entity.secrets.get(id) ?? '', 'base64')]));
    for (const hospital of hospitals) expect(secretsBelow(house.of(hospital).config.state, pads)).to.deep.equal([]);
  });

  it('killed at every step and started again, a hospital reveals for one set and all end in the same model', async () => {
    await using house = await TestConsortium.found(masked(2, 1));
    const ledger = newLedger(house);
    const others = runSites(house, ledger, ['HospitalB', 'HospitalC', 'Regulator']);
    const at = (round: number, ...events: string[]): Death[] => events.map((event) => ({ event, round }));
    const deaths = [...at(1, 'sealed'), 'submit', ...at(1, 'revealed', 'aggregated'), 'attest', ...at(2, 'sealed', 'revealed')] satisfies Death[];
    const submitted: string[] = [];
    for (const death of deaths) expect(await lifeOf('HospitalA', house, ledger, death, submitted), JSON.stringify(death)).to.equal('killed');
    const endings = await Promise.all([lifeOf('HospitalA', house, ledger, undefined, submitted), others]);
    expect(endings.flat()).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed.get(2) })));
    expect(new Set(submitted), 'distinct statements that left the site').to.have.length(2);
  });

  it('killed before and after its pads are used, a hospital submits once', async () => {
    await using house = await TestConsortium.found(masked(1, 1, {}, 'mask-otp'));
    const ledger = newLedger(house);
    const others = runSites(house, ledger, ['HospitalB', 'HospitalC', 'Regulator']);
    const submitted: string[] = [];
    for (const death of [{ event: 'keys ready', round: 1 }, { event: 'sealed', round: 1 }, { event: 'revealed', round: 1 }]) expect(await lifeOf('HospitalA', house, ledger, death, submitted), death.event).to.equal('killed');
    const endings = await Promise.all([lifeOf('HospitalA', house, ledger, undefined, submitted), others]);
    expect(endings.flat()).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: undisturbed.get(1) })));
    expect(new Set(submitted), 'distinct statements that left the site').to.have.length(1);
  });

  for (const expansion of ['mask-aes256ctr', 'mask-otp'] as const) it(`a hospital that falls silent after the seal is stood in for: its update is in the model (${expansion})`, async () => {
    await using house = await TestConsortium.found(masked(1, 10, { attestMs: 8000 }, expansion));
    const ledger = newLedger(house);
    const events: string[] = [];
    const others = runSites(house, ledger, ['HospitalB', 'HospitalC', 'Regulator'], () => (event) => events.push(event));
    // Its server goes on, but it does not get to see the sealed set before the others are through.
    const asleep = new Proxy(ledger, {
      get: (target, name) => {
        if (name !== 'getRound') return (target[name as keyof TestLedger] as (...args: unknown[]) => unknown).bind(target);
        return async (...asked: Parameters<TestLedger['getRound']>) => {
          const found = await target.getRound(...asked);
          if (found.slots.length === hospitals.length) await others;
          return target.getRound(...asked);
        };
      },
    });
    const silent = takePart(await house.site('HospitalA', asleep), house.digest, options);
    for (const ending of [...(await others), await silent]) expect(ending).to.deep.equal({ outcome: 'complete', model: undisturbed.get(1) });
    expect(events.filter((event) => event === 'gave shares')).to.have.length(2);
  });
});
