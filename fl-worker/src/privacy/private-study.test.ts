// Private studies among real sites: a budget that runs out, a site killed at every step that touches it, a site that hides itself.
import { expect } from 'chai';
import { decodeModel, epsilonAfter, stepsPerRound, type BudgetTerms, type Digest, type Submission } from '@epione/protocol';
import { exitOfEnding } from '../exit.js';
import { takePart } from '../run.js';
import { statusTable, workerStatus } from '../status.js';
import type { StudyTemplate } from '../study-template.js';
import { organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { lifeOf, type Death } from '../testing/life.js';
import { TestLedger } from '../testing/round-ledger.js';
import type { Ending } from '../worker.js';

const patient: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '3', epsilon: '3', delta: '0.01', sampling: 'poisson', samplingRate: '0.25', accountant: 'rdp' };
const template = (privacy: BudgetTerms, more: Partial<StudyTemplate> = {}): StudyTemplate => ({ ...smallTemplate, ...more, privacy });
const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);
const run = (house: TestConsortium, ledger: TestLedger, mspIds: readonly string[]): Promise<Ending[]> =>
  Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));

async function statements(ledger: TestLedger, rounds: number): Promise<Submission[]> {
  const found = await Promise.all(Array.from({ length: rounds }, (_, at) => ledger.getRound('', at + 1)));
  return found.flatMap(({ slots }) => slots.flatMap((slot) => (slot.kind === 'submission' ? [slot.statement] : [])));
}

describe('a private study', function () {
  this.timeout(180_000); // several processes that load TensorFlow.js, also on a busy machine

  it('ends when its budget is spent: charged before anything leaves, told by the ledger, the status and the exit code', async () => {
    const cost = stepsPerRound({ privacy: patient, training: smallTemplate.training });
    const budget = epsilonAfter(patient, 2 * cost);
    await using house = await TestConsortium.found(template({ ...patient, epsilon: budget }, { rounds: { count: 4, submitMs: 2500, graceMs: 1000, attestMs: 60_000 } }));
    const ledger = newLedger(house);
    const endings = await run(house, ledger, organizations.slice(0, 3));
    expect(endings.map(({ outcome, code }) => [outcome, code])).to.deep.equal([['refused', 'BUDGET_SPENT'], ['refused', 'BUDGET_SPENT'], ['refused', 'BUDGET_SPENT']]);
    expect(new Set(endings.map(exitOfEnding))).to.deep.equal(new Set([3]));
    expect((await ledger.getRound('', 3)).closing?.statement).to.include({ kind: 'abort', reason: 'BUDGET_SPENT' });
    const spent = (await statements(ledger, 3)).map(({ round, privacy }) => [round, privacy]);
    const stated = (steps: number) => ({ steps, epsilon: epsilonAfter(patient, steps), delta: '0.01' });
    expect(spent).to.deep.equal([[1, stated(cost)], [1, stated(cost)], [1, stated(cost)], [2, stated(2 * cost)], [2, stated(2 * cost)], [2, stated(2 * cost)]]);
    const status = await workerStatus(house.of('HospitalA').config);
    expect(status).to.deep.include({ state: 'budget spent', privacy: { ...stated(2 * cost), budget } });
    expect(status.rounds.map(({ epsilon }) => epsilon)).to.deep.equal([stated(cost).epsilon, budget, undefined]);
    expect(statusTable(status)).to.include(`epsilon ${budget} of ${budget} spent at delta 0.01, in ${2 * cost} steps`);
  });

  it('killed after the charge, after the seal and after the submission, charges each round once', async () => {
    await using house = await TestConsortium.found(template(patient));
    const ledger = newLedger(house);
    const others = run(house, ledger, ['HospitalB', 'HospitalC']);
    const deaths: Death[] = [{ event: 'privacy charged', round: 1 }, { event: 'sealed', round: 1 }, 'submit', { event: 'privacy charged', round: 2 }];
    const submitted: string[] = [];
    for (const death of deaths) expect(await lifeOf('HospitalA', house, ledger, death, submitted), JSON.stringify(death)).to.equal('killed');
    const endings = [await lifeOf('HospitalA', house, ledger, undefined, submitted), ...(await others)];
    expect(endings.map((ending) => (ending as Ending).outcome)).to.deep.equal(['complete', 'complete', 'complete']);
    const cost = stepsPerRound(house.study);
    const own = (await statements(ledger, 2)).filter(({ participant }) => participant === 'HospitalA');
    expect(own.map(({ privacy }) => privacy?.steps)).to.deep.equal([cost, 2 * cost]);
    expect(new Set(submitted), 'distinct statements that left the site').to.have.length(2);
  });

  it('hides each site behind its own noise, with a norm that adapts', async () => {
    const site: BudgetTerms = { unit: 'site', clippingNorm: '0.5', noiseMultiplier: '4', epsilon: '8', delta: '0.001', sampling: 'all', accountant: 'pld', adaptive: { quantile: '0.5', learningRate: '0.2', countNoise: '8' } };
    const strategy = { ...smallTemplate.strategy, weighting: 'uniform' as const };
    const models = await Promise.all([1, 2].map(async () => {
      await using house = await TestConsortium.found(template(site, { strategy, encoding: { ...smallTemplate.encoding, clip: '128' } }));
      const ledger = newLedger(house);
      const endings = await run(house, ledger, organizations);
      expect(endings.map(({ outcome }) => outcome)).to.deep.equal(['complete', 'complete', 'complete', 'complete']);
      expect((await statements(ledger, 2)).map(({ privacy }) => privacy?.steps)).to.deep.equal([1, 1, 1, 2, 2, 2]);
      return decodeModel((await (await house.site('Regulator', ledger)).blobs.get(endings[0]!.model as Digest))!);
    }));
    expect(models[0], 'noise does not come from the seed').not.to.deep.equal(models[1]);
  });
});
