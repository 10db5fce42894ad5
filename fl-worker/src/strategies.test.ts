// Strategies among real sites: a poisoned hospital under a robust rule, and servers' and hospitals' state that outlives a kill.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addStep, decodeModel, decodeState, digestOf, encodeState, STRATEGIES, type Digest } from '@epione/protocol';
import type { WorkerConfig } from './config.js';
import { tellEnding } from './exit.js';
import { seededRandom } from './random.js';
import { readTrainingData, takePart } from './run.js';
import type { StudyTemplate } from './study-template.js';
import { hospitals, organizations, smallTemplate, TestConsortium } from './testing/consortium.js';
import { lifeOf, type Death } from './testing/life.js';
import { TestLedger } from './testing/round-ledger.js';
import { evaluate, pooled } from './training/baseline.js';
import { trainLocally } from './training/local-strategy.js';
import { loadTf } from './training/tf.js';
import type { Ending } from './worker.js';

type Strategy = StudyTemplate['strategy'];
const options = { signal: new AbortController().signal, stopOnAbort: false };
const uniform: Strategy = { ...smallTemplate.strategy, weighting: 'uniform' };
const template = (strategy: Strategy, count: number, more: Partial<StudyTemplate> = {}): StudyTemplate => ({ ...smallTemplate, strategy, rounds: { ...smallTemplate.rounds, count }, ...more });
const adam: Strategy = { ...uniform, name: 'fedadam', serverLearningRate: '0.1', parameters: [{ name: 'beta1', value: '0.9' }, { name: 'beta2', value: '0.99' }, { name: 'tau', value: '0.001' }] };

const newLedger = (house: TestConsortium): TestLedger => new TestLedger(house.study, [...house.records.values()], Date.now);
const run = (house: TestConsortium, ledger: TestLedger, mspIds: readonly string[]): Promise<Ending[]> =>
  Promise.all(mspIds.map(async (mspId) => takePart(await house.site(mspId, ledger), house.digest, options)));

/** Runs a study undisturbed; all sites must end in one model. */
async function modelOf(house: TestConsortium, ledger = newLedger(house)): Promise<Float32Array> {
  const endings = await run(house, ledger, organizations);
  expect(endings).to.deep.equal(organizations.map(() => ({ outcome: 'complete', model: endings[0]!.model })));
  return decodeModel((await (await house.site('Regulator', ledger)).blobs.get(endings[0]!.model as Digest))!);
}

/** The same rounds without sites, ledger or fixed point: training as the sites do it, means in plain arithmetic, the strategy's step. */
async function plainly(house: TestConsortium): Promise<{ model: Float32Array; state: Float64Array }> {
  const { study } = house;
  const tf = await loadTf();
  const strategy = STRATEGIES[study.strategy.name];
  const settings = new Map(study.strategy.parameters.map(({ name, value }) => [name, Number(value)]));
  const carried = new Map<string, Float64Array | undefined>();
  let model = new Float32Array(study.model.dimension);
  let state = strategy.initial(model.length, settings);
  for (let round = 1; round <= study.rounds.count; round++) {
    const updates: Float64Array[] = [];
    for (const mspId of hospitals) {
      const data = await readTrainingData(house.of(mspId).config, study);
      const trained = await trainLocally(tf, study, { base: model, state, carried: carried.get(mspId), data, random: seededRandom('training', 'seed', round, mspId) });
      carried.set(mspId, trained.carried);
      updates.push(trained.update);
    }
    const mean = updates[0]!.map((_, k) => updates.reduce((sum, update) => sum + update[k]!, 0) / updates.length);
    const next = strategy.step({ dimension: model.length, update: mean, state, rate: Number(study.strategy.serverLearningRate), settings, used: 3, participants: 3 });
    model = Float32Array.from(addStep(model, next.step));
    state = Float64Array.from(next.state);
  }
  return { model, state };
}

const expectClose = (found: Float32Array, wanted: Float32Array): void => { found.forEach((value, k) => expect(value).to.be.closeTo(wanted[k]!, 1e-5)); };

describe('strategies among sites', function () {
  this.timeout(180_000);

  it('a robust rule holds against a hospital with poisoned rows, where the mean does not', async () => {
    const accuracyOf = async (rule: 'mean' | 'median'): Promise<number> => {
      const strategy = rule === 'mean' ? uniform : { ...uniform, f: 1 };
      await using house = await TestConsortium.found(template(strategy, 1, { aggregation: { mode: 'visible', rule }, training: { ...smallTemplate.training, localEpochs: 5 } }));
      const honest = pooled(await Promise.all(['HospitalA', 'HospitalB'].map(async (mspId) => readTrainingData(house.of(mspId).config, house.study))));
      const { train } = house.of('HospitalC').config.data!;
      // Every row says the opposite, twenty times as loud.
      writeFileSync(train, readFileSync(train, 'utf8').split('\n').map((line, at) => {
        const [id, x, y, ill] = line.split(',');
        return at === 0 || ill === undefined ? line : [id, 20 * Number(x), 20 * Number(y), ill.trim() === '1' ? '0' : '1'].join(',');
      }).join('\n'));
      return (await evaluate(house.study, await modelOf(house), honest)).accuracy;
    };
    const [mean, median] = [await accuracyOf('mean'), await accuracyOf('median')];
    expect(median).to.be.above(0.7);
    expect(mean).to.be.below(0.5);
  });

  for (const [name, strategy, more] of [
    ['FedAdam', adam, {}],
    ['SCAFFOLD', { ...uniform, name: 'scaffold' }, {}],
    ['FedAvg with a local bias', uniform, { model: { ...smallTemplate.model, local: ['dense1.bias'] } }],
    ['q-FedAvg with FedProx', { ...uniform, name: 'qfedavg', parameters: [{ name: 'q', value: '1' }] }, { training: { ...smallTemplate.training, proximal: '0.1' } }],
  ] as const satisfies [string, Strategy, Partial<StudyTemplate>][]) {
    it(`${name} gives the model of plain arithmetic`, async () => {
      await using house = await TestConsortium.found(template(strategy, 3, more));
      expectClose(await modelOf(house), (await plainly(house)).model);
    });
  }

  it('names everything of a study of profile long-term by SHA-512', async () => {
    const suites = { ...smallTemplate.suites, profile: 'long-term', signature: 'mldsa87', sealing: ['seal-mlkem1024-qkd'] } as const;
    await using house = await TestConsortium.found(template(adam, 2, { suites: { ...suites, sealing: [...suites.sealing] } }));
    const ledger = newLedger(house);
    await modelOf(house, ledger);
    const digests = JSON.stringify([await ledger.getRound('', 2), (await ledger.getStudy(house.digest)).course]).match(/sha(256|512):[0-9a-f]+/g)!;
    expect(digests.length).to.be.above(30);
    for (const digest of digests) expect(digest).to.match(/^sha512:[0-9a-f]{128}$/);
  });

  it('evaluates the final model on rows kept apart, and a copy that is fine-tuned and stays', async () => {
    await using house = await TestConsortium.found(template(uniform, 2, { model: { ...smallTemplate.model, local: ['dense1.bias'] } }));
    const [a, b] = ['HospitalA', 'HospitalB'].map((mspId) => house.of(mspId).config) as [WorkerConfig, WorkerConfig];
    house.configs.set('HospitalA', { ...a, data: { ...a.data!, test: b.data!.train, fineTuneEpochs: 4 } });
    house.configs.set('HospitalC', { ...house.of('HospitalC').config, data: { ...house.of('HospitalC').config.data!, test: a.data!.train } });
    const [tuned, plain, global, regulator] = (await run(house, newLedger(house), ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'])) as [Ending, Ending, Ending, Ending];
    expect([plain.evaluation, regulator.evaluation]).to.deep.equal([undefined, undefined]);
    expect(global.evaluation).to.have.all.keys('global');
    const file = join(a.state, 'fine-tuned-model.f32');
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    const test = await readTrainingData(b, house.study);
    expect(tuned.evaluation!.fineTuned).to.deep.equal(await evaluate(house.study, decodeModel(readFileSync(file)), test));
    expect(tuned.evaluation!.fineTuned).not.to.deep.equal(tuned.evaluation!.global);
    expect(tuned.evaluation!.global.rows).to.equal(test.rows);
    expect(tellEnding(tuned)).to.match(/^complete, model sha256:[0-9a-f]{64}\nglobal model: AUC 0\.\d{4}, accuracy 0\.\d{4}, log loss \d\.\d{4} on 25 rows\nfine-tuned here: AUC /);
  });

  for (const strategy of [adam, { ...uniform, name: 'scaffold' }] satisfies Strategy[]) {
    it(`${strategy.name}: a hospital killed in the middle takes up its state and ends in the same model`, async () => {
      await using undisturbed = await TestConsortium.found(template(strategy, 3));
      const wanted = await modelOf(undisturbed);
      await using house = await TestConsortium.found(template(strategy, 3));
      const ledger = newLedger(house);
      const others = run(house, ledger, ['HospitalB', 'HospitalC']);
      const deaths: Death[] = [{ event: 'sealed', round: 2 }, { event: 'aggregated', round: 2 }, { event: 'trained', round: 3 }];
      for (const death of deaths) expect(await lifeOf('HospitalA', house, ledger, death, [])).to.equal('killed');
      const endings = (await Promise.all([lifeOf('HospitalA', house, ledger, undefined, []), others, run(house, ledger, ['Regulator'])])).flat() as Ending[];
      const { blobs } = await house.site('HospitalA', ledger);
      expect(decodeModel((await blobs.get(endings[0]!.model as Digest))!)).to.deep.equal(wanted);
      expect(endings.every((ending) => ending.outcome === 'complete')).to.equal(true);
      // The state that all attested is in the killed hospital's store, and is the one of plain arithmetic.
      const { state } = (await ledger.getRound('', 3)).attestations[0]!.statement.result;
      const bytes = (await blobs.get(state!))!;
      expect(digestOf(encodeState(decodeState(bytes, bytes.length / 8)))).to.equal(state);
      const plain = (await plainly(house)).state;
      decodeState(bytes, plain.length).forEach((value, k) => expect(value).to.be.closeTo(plain[k]!, 1e-5));
    });
  }
});
