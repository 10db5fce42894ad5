// Budgets: what a round costs, what the ledger refuses, what the auditor recomputes, and terms that no study may have.
import { expect } from 'chai';
import { codeOf } from '../testing/refusal.js';
import { assertBudget, epsilonAfter, isPriced, roundsWithin, spentAfter, stepsPerRound } from './budget.js';
import { rdpEpsilon } from './rdp.js';
import { privacyFaults, privacyTerms, vectorNoiseOf, type BudgetTerms, type Spent } from './terms.js';

const patient: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '2', epsilon: '3', delta: '0.00001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };
const site: BudgetTerms = { unit: 'site', clippingNorm: '1', noiseMultiplier: '4', epsilon: '8', delta: '0.001', sampling: 'all', accountant: 'pld' };
const study = (privacy: BudgetTerms | { unit: 'none' }) => ({ privacy, training: { localEpochs: 2 }, rounds: { count: 50 }, features: [{ missing: 'reject' }], model: { tensors: [{}] }, strategy: { name: 'fedavg', weighting: 'uniform' }, encoding: { clip: '64' } });

describe('privacy budget', () => {
  it('counts the steps of a round', () => {
    expect(stepsPerRound(study(patient))).to.equal(20);
    expect(stepsPerRound(study({ ...patient, samplingRate: '0.3' }))).to.equal(8);
    expect(stepsPerRound(study({ ...patient, sampling: 'all' }))).to.equal(20);
    expect(stepsPerRound(study(site))).to.equal(1);
  });

  it('states an epsilon rounded up, with a fixed-size sample at half the noise', () => {
    const exact = rdpEpsilon([{ mechanism: { kind: 'gaussian', noiseMultiplier: 2, samplingRate: 0.1 }, steps: 40 }], 1e-5).epsilon;
    expect(Number(epsilonAfter(patient, 40))).to.be.within(exact, exact + 1e-6);
    const replaced = rdpEpsilon([{ mechanism: { kind: 'fixed-size', noiseMultiplier: 1, samplingRate: 0.1 }, steps: 40 }], 1e-5).epsilon;
    expect(Number(epsilonAfter({ ...patient, sampling: 'fixed' }, 40))).to.be.within(replaced, replaced + 1e-6);
    expect(privacyTerms.safeParse({ ...patient, epsilon: epsilonAfter(patient, 40) }).success).to.equal(true);
  });

  it('says how many rounds it buys', () => {
    const rounds = roundsWithin(study(patient));
    expect(rounds).to.be.within(1, 49);
    expect(Number(epsilonAfter(patient, 20 * rounds))).to.be.at.most(3);
    expect(Number(epsilonAfter(patient, 20 * (rounds + 1)))).to.be.above(3);
    expect(roundsWithin(study({ unit: 'none' }))).to.equal(50);
    expect(roundsWithin(study({ ...patient, epsilon: '0.0001' }))).to.equal(0);
  });

  const after = (steps: number, change: Partial<Spent> = {}): Spent => ({ ...spentAfter(patient, steps), ...change });
  const refused = (spent: Spent | undefined, before?: Spent, privacy: Parameters<typeof study>[0] = patient): string => codeOf(() => { assertBudget(study(privacy), spent, before); });

  it('takes statements that grow by whole rounds and stay within it', () => {
    expect(refused(after(20))).to.equal('none');
    expect(refused(after(40), after(20))).to.equal('none');
    expect(refused(after(80), after(20))).to.equal('none'); // rounds that were charged and did not count
    expect(refused(undefined, undefined, { unit: 'none' })).to.equal('none');
  });

  it('refuses statements that are missing, fall, stand still or lie beyond it', () => {
    expect(refused(undefined)).to.equal('BAD_FIELD');
    expect(refused(after(20), undefined, { unit: 'none' })).to.equal('BAD_FIELD');
    expect(refused(after(20, { delta: '0.0001' }))).to.equal('BAD_FIELD');
    expect(refused(after(30))).to.equal('BAD_FIELD');
    expect(refused(after(40), after(40))).to.equal('BAD_FIELD');
    expect(refused(after(40, { epsilon: '0.1' }), after(20))).to.equal('BAD_FIELD');
    expect(refused(after(20, { epsilon: '3.000001' }))).to.equal('BUDGET_SPENT');
  });

  it('knows a stated epsilon that is not that of the steps', () => {
    expect(isPriced(patient, after(20))).to.equal(true);
    const { epsilon } = after(20);
    expect(isPriced(patient, after(20, { epsilon: (Number(epsilon) + 0.000001).toFixed(6) }))).to.equal(true);
    expect(isPriced(patient, after(20, { epsilon: (Number(epsilon) - 0.000002).toFixed(6) }))).to.equal(false);
    expect(isPriced(patient, after(20, { steps: 40 }))).to.equal(false);
  });

  it('finds every fault of the terms', () => {
    const faults = (privacy: BudgetTerms, rest = {}): string => privacyFaults({ ...study(privacy), ...rest }).join('; ');
    expect(faults(patient)).to.equal('');
    expect(faults(site)).to.equal('');
    expect(faults({ ...site, unit: 'patient', sampling: 'poisson' })).to.include('privacy.samplingRate');
    expect(faults({ ...site, samplingRate: '0.5' })).to.include('privacy.samplingRate');
    expect(faults({ ...patient, sampling: 'fixed', accountant: 'pld' })).to.include('privacy.accountant');
    expect(faults({ ...patient, accountant: 'pld', delta: '0.0000000001' })).to.include('privacy.delta');
    expect(faults({ ...site, sampling: 'poisson', samplingRate: '0.5' })).to.include('privacy.sampling');
    expect(faults(site, { strategy: { name: 'fedavg', weighting: 'examples' } })).to.include('strategy.weighting');
    expect(faults(patient, { strategy: { name: 'scaffold', weighting: 'uniform' } })).to.include('strategy.name');
    expect(faults(patient, { features: [{ missing: 'zero' }, { missing: 'mean' }] })).to.include('missing: mean');
    expect(faults(patient, { model: { tensors: [{}, { local: true }] } })).to.include('model.tensors');
    expect(faults(site, { encoding: { clip: '40' } })).to.include('encoding.clip');
    expect(faults({ ...patient, adaptive: { quantile: '0.5', learningRate: '0.2', countNoise: '1' } })).to.include('privacy.adaptive.countNoise');
    expect(vectorNoiseOf({ ...patient, adaptive: { quantile: '0.5', learningRate: '0.2', countNoise: '10' } })).to.be.closeTo(2 * 1.005037815, 1e-8);
  });
});
