// Adversarial rows: bounds, growing loss, PGD no weaker than the fast gradient sign, and training against them on the digits.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Study } from '@epione/protocol';
import { readCsv } from '../data/csv.js';
import { selectRows, toDataset, type Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import { readStudyTemplate } from '../study-template.js';
import { fastGradientSign, mislead, type Adversary } from './adversary.js';
import { evaluate, evaluateAttacked, judge } from './baseline.js';
import { tellMetrics, type Metrics } from './metrics.js';
import { describeModel, initialParameters, inputSlope, layersOf, toWeights, type ModelForm } from './model.js';
import { loadTf } from './tf.js';
import { train } from './train.js';

const file = (name: string): Buffer => readFileSync(new URL(`../../../data/digits/${name}`, import.meta.url));
const digits = toDataset(readCsv(gunzipSync(file('digits.csv.gz')).toString()), readStudyTemplate(file('study.yaml').toString()), 'id');
const between = (from: number, to: number): Dataset => selectRows(digits, Array.from({ length: to - from }, (_, at) => from + at));
const [seen, unseen] = [between(0, 600), between(1400, 1797)];
const model = describeModel({ kind: 'mlp', layers: [32], outputs: 10 }, 64, 'zeros');
const training: Study['training'] = { optimizer: 'sgd', learningRate: '0.3', localEpochs: 12, batchSize: 32 };
const grey = { lowest: 0, highest: 1 };
const pgd = (epsilon: number, steps: number): Adversary => ({ epsilon, steps, stepSize: (2.5 * epsilon) / steps, ...grey });

describe('adversarial rows', function () {
  this.timeout(120_000);

  const forms: [ModelForm, number][] = [[{ kind: 'logistic', layers: [] }, 12], [{ kind: 'mlp', layers: [5], outputs: 3 }, 12], [{ kind: 'cnn', input: [4, 3, 1], layers: [{ conv: 2, size: [2, 2], stride: [2, 1], padding: 'same' }] }, 12]];
  for (const [form, width] of forms) it(`follow the loss's gradient by the inputs: ${form.kind}`, async () => {
    const tf = await loadTf();
    const random = seededRandom('adversary', form.kind);
    const data: Dataset = { rows: 6, width, features: Float32Array.from({ length: 6 * width }, () => random.normal()), labels: Float32Array.from({ length: 6 }, () => random.below(form.outputs ?? 2)), ids: [] };
    const study = { model: describeModel(form, width, 'zeros') };
    const parameters = initialParameters(study.model, width, 'adversary').map((value) => (value === 0 ? 0.1 : value));
    const stages = layersOf(study.model, width);
    const weights = toWeights(tf, parameters, stages);
    const slope = tf.tidy(() => inputSlope(tf, study.model, stages, weights, data).dataSync());
    for (const k of [0, 7, 31, 70]) {
      const lossAt = async (by: number): Promise<number> => (await evaluate(study, parameters, { ...data, features: data.features.map((value, at) => (at === k ? value + by : value)) })).logLoss;
      expect(slope[k], `input ${k}`).to.be.closeTo((await lossAt(0.01) - await lossAt(-0.01)) / 0.02, 1e-3);
    }
    tf.dispose(weights.flat());
  });

  it('stay within epsilon and the inputs\' range, start where they are told, and leak no tensor', async () => {
    const tf = await loadTf();
    const stages = layersOf(model, 64);
    const weights = toWeights(tf, initialParameters(model, 64, 'bounds'), stages);
    const before = tf.memory().numTensors;
    const rows = between(0, 8);
    const random = seededRandom('start');
    for (const start of [undefined, () => random.uniform()]) {
      const { features, labels } = mislead(tf, model, stages, weights, rows, pgd(0.2, 5), start);
      features.forEach((value, k) => {
        expect(value).to.be.within(0, 1);
        expect(Math.abs(value - rows.features[k]!)).to.be.at.most(0.2 + 1e-6);
      });
      expect(labels).to.deep.equal(rows.labels);
      expect(features).not.to.deep.equal(rows.features);
    }
    expect(tf.memory().numTensors).to.equal(before);
    tf.dispose(weights.flat());
  });

  it('mislead the more the further they may go, and PGD no less than one step; training against them helps', async () => {
    const tf = await loadTf();
    const start = initialParameters(model, 64, 'digits');
    const plain = await train(tf, { model, training }, start, seen, seededRandom('plain'));
    const adversarial = { epsilon: '0.15', steps: 3, stepSize: '0.06', lowest: '0', highest: '1' };
    const hard = { model, training: { ...training, adversarial } };
    const hardened = await train(tf, hard, start, seen, seededRandom('hard'));
    const attacked = async (parameters: Float32Array, adversary: Adversary): Promise<number> => (await evaluateAttacked({ model }, parameters, unseen, adversary)).accuracy;
    const clean = (await evaluate({ model }, plain, unseen)).accuracy;
    expect(clean).to.be.above(0.85);
    expect((await evaluate({ model }, hardened, unseen)).accuracy).to.be.above(0.7);
    for (const epsilon of [0.05, 0.1, 0.15]) {
      const [one, many] = [await attacked(plain, fastGradientSign({ epsilon, ...grey })), await attacked(plain, pgd(epsilon, 10))];
      expect(many, `PGD at ${epsilon}`).to.be.at.most(one + 0.01);
      expect(one).to.be.below(clean);
    }
    const before = await attacked(plain, pgd(0.15, 10));
    expect(before).to.be.below(0.3);
    expect(await attacked(hardened, pgd(0.15, 10))).to.be.above(before + 0.25);
    const told = await judge(hard, hardened, unseen) as Metrics;
    expect(told.robustAccuracy).to.be.below(told.accuracy);
    expect(tellMetrics(told)).to.include(`under attack ${told.robustAccuracy!.toFixed(4)}`);
    expect(await train(tf, hard, start, seen, seededRandom('hard'))).to.deep.equal(hardened);
  });
});
