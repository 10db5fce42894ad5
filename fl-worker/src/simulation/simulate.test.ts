// Simulation: the models of a consortium of real sites bit for bit, masked as in the open, with drop-outs, attacks, budgets and hundreds of sites.
import { expect } from 'chai';
import fc from 'fast-check';
import { digestOf, encodeModel, stepsPerRound, epsilonAfter, type BudgetTerms, type Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import { readTrainingData, takePart } from '../run.js';
import type { StudyTemplate } from '../study-template.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { simulate, type SimulatedRound, type Simulation } from './simulate.js';
import { siteNames } from './site-data.js';
import { initialOf, simulatedStudy } from './simulated-study.js';

/** Two clouds of points a site. */
function rowsOf(mspId: string, rows: number): Dataset {
  const random = seededRandom('simulated rows', mspId);
  const labels = Float32Array.from({ length: rows }, (_, row) => row % 2);
  const features = Float32Array.from({ length: 2 * rows }, (_, at) => random.normal() + (at % 2 === 0 ? 1 : -1) * labels[at >> 1]!);
  return { rows, width: 2, features, labels, ids: [...labels.keys()].map(String) };
}

const masked = { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 10 } as const;
const uniform = { ...smallTemplate.strategy, weighting: 'uniform' } as const;
const among = (count: number, more: Partial<StudyTemplate> = {}, rows = 8): Pick<Simulation, 'study' | 'sites'> => ({
  study: simulatedStudy({ ...smallTemplate, ...more }, siteNames(count)), sites: new Map(siteNames(count).map((mspId, at) => [mspId, rowsOf(mspId, rows + (at % 3))])),
});

async function all(simulation: Simulation): Promise<SimulatedRound[]> {
  const rounds: SimulatedRound[] = [];
  for await (const round of simulate(simulation)) rounds.push(round);
  return rounds;
}
const models = (rounds: readonly SimulatedRound[]): (string | undefined)[] => rounds.map(({ model }) => model);

describe('simulation', function () {
  this.timeout(180_000); // sites that load TensorFlow.js, also on a busy machine

  for (const [name, more] of [
    ['FedAdam with a local bias', { strategy: { ...uniform, name: 'fedadam', serverLearningRate: '0.1', parameters: [{ name: 'beta1', value: '0.9' }, { name: 'beta2', value: '0.99' }, { name: 'tau', value: '0.001' }] }, model: { ...smallTemplate.model, local: ['dense1.bias'] } }],
    ['FedAvg in 4 bits with error feedback and a local bias', { encoding: { ...smallTemplate.encoding, compression: { kind: 'int4', errorFeedback: true } }, model: { ...smallTemplate.model, local: ['dense1.bias'] } }],
    ['SCAFFOLD under masks', { strategy: { ...uniform, name: 'scaffold' }, aggregation: masked }],
  ] satisfies [string, Partial<StudyTemplate>][]) {
    it(`gives the models of real sites: ${name}`, async () => {
      await using house = await TestConsortium.found({ ...smallTemplate, ...more });
      const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
      const endings = await Promise.all(organizations.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, { signal: new AbortController().signal, stopOnAbort: false })));
      const sites = new Map(await Promise.all(hospitals.map(async (mspId) => [mspId, await readTrainingData(house.of(mspId).config, house.study)] as const)));
      const rounds = await all({ study: house.study, sites, seed: 'seed' });
      expect(rounds).to.have.length(2);
      expect(endings.map(({ model }) => model)).to.deep.equal(organizations.map(() => rounds.at(-1)!.model));
      const { result } = (await ledger.getRound('', 1)).attestations[0]!.statement;
      expect(result.model).to.equal(rounds[0]!.model);
      expect(digestOf(encodeModel(rounds[0]!.parameters))).to.equal(rounds[0]!.model);
    });
  }

  it('gives the same models masked, summed without masks and in the open, whoever drops out', async () => {
    await fc.assert(fc.asyncProperty(fc.string(), fc.integer({ min: 3, max: 7 }), fc.constantFrom(0, 0.2, 0.5), async (seed, count, dropOut) => {
      const run = async (more: Partial<StudyTemplate>, options: Partial<Simulation> = {}): Promise<SimulatedRound[]> => {
        const { study, sites } = among(count, more);
        // In the open a round of two would do, under masks it takes three.
        return all({ study: { ...study, quorums: { ...study.quorums, submit: Math.max(3, study.quorums.submit) } }, sites, seed, dropOut, ...options });
      };
      const open = await run({});
      for (const other of [await run({ aggregation: masked }), await run({ aggregation: { ...masked, expansion: 'mask-otp' } }), await run({ aggregation: masked }, { masks: false }), await run({}, { keepWords: true })]) {
        expect(other.map(({ model, used, code, absent }) => ({ model, used, code, absent }))).to.deep.equal(open.map(({ model, used, code, absent }) => ({ model, used, code, absent })));
      }
    }), { numRuns: 6 });
  });

  it('fails a round with fewer updates than the quorum, and goes on from the base', async () => {
    const rounds = await all({ ...among(4), seed: 's', dropOut: 1 });
    expect(rounds.map(({ code, model, absent, parameters }) => [code, model, absent.length, parameters])).to.deep.equal([1, 2].map(() => ['TOO_FEW', undefined, 4, new Float32Array(3)]));
  });

  it('lets one who knows all updates change some: the median holds, the mean does not; what cannot be encoded is left out', async () => {
    const tamper: NonNullable<Simulation['tamper']> = (updates) => new Map([...updates].map(([mspId, update], at) => [mspId, at === 0 ? update.map((value) => -20 * Math.sign(value) / 4) : update]));
    const rule = (name: 'mean' | 'median'): Partial<StudyTemplate> => ({ strategy: name === 'mean' ? uniform : { ...uniform, f: 1 }, aggregation: { mode: 'visible', rule: name } });
    const last = async (name: 'mean' | 'median', more: Partial<Simulation>): Promise<Float32Array> => (await all({ ...among(5, rule(name), 40), seed: 's', ...more })).at(-1)!.parameters;
    const distance = async (name: 'mean' | 'median'): Promise<number> => {
      const [honest, attacked] = [await last(name, {}), await last(name, { tamper })];
      return Math.hypot(...honest.map((value, k) => value - attacked[k]!));
    };
    const [median, mean] = [await distance('median'), await distance('mean')];
    expect(median * 5).to.be.below(mean);
    const [first] = await all({ ...among(5), seed: 's', tamper: (updates) => new Map([...updates].slice(1).map(([mspId, update], at) => [mspId, at === 0 ? update.map(() => 1e6) : update])) });
    expect(first!.absent).to.deep.equal([{ participant: 'Site0001', code: 'DROPPED_OUT' }, { participant: 'Site0002', code: 'CLIP_EXCEEDED' }]);
    expect(first!.used).to.deep.equal(['Site0003', 'Site0004', 'Site0005']);
  });

  it('charges the privacy budget, ends when it is spent, and repeats its noise with the seed', async () => {
    const patient: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '3', epsilon: '3', delta: '0.01', sampling: 'poisson', samplingRate: '0.25', accountant: 'rdp' };
    const cost = stepsPerRound({ privacy: patient, training: smallTemplate.training });
    const privacy = { ...patient, epsilon: epsilonAfter(patient, 2 * cost) };
    const run = async (seed: string): Promise<SimulatedRound[]> => all({ ...among(3, { privacy, rounds: { ...smallTemplate.rounds, count: 5 } }, 20), seed });
    const rounds = await run('s');
    expect(rounds.map(({ spent, code }) => [spent?.steps, code])).to.deep.equal([[cost, undefined], [2 * cost, undefined], [2 * cost, 'TOO_FEW']]);
    expect(rounds[2]!.absent.map(({ code }) => code)).to.deep.equal(['BUDGET_SPENT', 'BUDGET_SPENT', 'BUDGET_SPENT']);
    expect(models(await run('s'))).to.deep.equal(models(rounds));
    expect(models(await run('t'))[0]).not.to.equal(models(rounds)[0]);
  });

  it('runs among more sites than a ledger has members, in the open or summed without masks', async () => {
    const open = await all({ ...among(150, {}, 3), seed: 's', dropOut: 0.1 });
    expect(open[1]!.used.length + open[1]!.absent.length).to.equal(150);
    expect(open[1]!.absent.length).to.be.within(1, 40);
    expect(models(await all({ ...among(150, { aggregation: masked }, 3), seed: 's', dropOut: 0.1, masks: false }))).to.deep.equal(models(open));
    const refused = await all({ ...among(65, { aggregation: masked }, 3), seed: 's' }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'BAD_FIELD');
    // The sum of so many can overflow 32 bits: refused here as on a ledger.
    const wide = { ...smallTemplate, encoding: { bits: 32, fractionBits: 16, clip: '8', maxWeight: 100 } } as const;
    expect(() => simulatedStudy(wide, siteNames(1000))).to.throw().with.property('code', 'STUDY_INVALID');
  });

  it('starts where the study says: from zeros, or from what the named seed gives', () => {
    const template = (initial: Study['model']['initial']): Study => simulatedStudy({ ...smallTemplate, model: { kind: 'mlp', layers: [4], initial } }, siteNames(3));
    const told = (() => { try { return initialOf(template('zeros'), 'x'); } catch (error) { return (error as Error).message; } })();
    const digest = /sha256:[0-9a-f]{64}/.exec(told as string)![0] as Study['model']['initial'];
    expect(digestOf(encodeModel(initialOf(template(digest), 'x')))).to.equal(digest);
    expect(() => initialOf(template(digest), 'y')).to.throw().with.property('code', 'BAD_FIELD');
    expect(() => initialOf(template(digest), undefined)).to.throw().with.property('code', 'BAD_FIELD');
    expect(initialOf(template('zeros'), undefined)).to.deep.equal(new Float32Array(17));
  });
});
