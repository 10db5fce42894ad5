// Training: gradients against plain arithmetic, the same seed the same bytes, and the shipped study good enough.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { readCsv } from '../data/csv.js';
import { toDataset, type Dataset } from '../data/dataset.js';
import { divideTable } from '../data/split.js';
import { seededRandom } from '../random.js';
import { readStudyTemplate, studyFrom } from '../study-template.js';
import { evaluate, pooled, trainAlone } from './baseline.js';
import { describeModel, gradients, initialParameters, layersOf, toWeights } from './model.js';
import { loadTf } from './tf.js';
import { predict, train } from './train.js';

const file = (name: string): string => readFileSync(new URL(`../../../data/wdbc/${name}`, import.meta.url), 'utf8');
const place = { channel: 'epione', genesis: `sha256:${'0'.repeat(64)}` as const, chaincode: 'epione', participants: ['A', 'B', 'C'], aggregators: ['A', 'B', 'C'], observers: ['D'] };
const study = studyFrom(readStudyTemplate(file('study.yaml')), place);

/** Mean loss of a dense chain in plain float64 arithmetic, straight from the definition. */
function plainLoss(parameters: number[], widths: number[], data: Dataset): number {
  let loss = 0;
  for (let row = 0; row < data.rows; row++) {
    let values = [...data.features.subarray(row * data.width, (row + 1) * data.width)];
    let at = 0;
    for (let layer = 1; layer < widths.length; layer++) {
      const outputs = widths[layer]!;
      const kernel = parameters.slice(at, at + values.length * outputs);
      const bias = parameters.slice(at + kernel.length, at + kernel.length + outputs);
      at += kernel.length + outputs;
      const sums = bias.map((start, out) => values.reduce((sum, value, k) => sum + value * kernel[k * outputs + out]!, start));
      values = layer < widths.length - 1 ? sums.map((z) => Math.max(z, 0)) : sums;
    }
    const logits = values.length === 1 ? [0, values[0]!] : values;
    loss -= (logits[data.labels[row]!]! - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))) / data.rows;
  }
  return loss;
}

function randomData(rows: number, width: number): Dataset {
  const random = seededRandom('data', rows);
  const draw = (length: number, of: () => number): Float32Array => Float32Array.from({ length }, of);
  return { rows, width, features: draw(rows * width, () => random.normal()), labels: draw(rows, () => random.below(2)), ids: [] };
}

describe('local training', function () {
  this.timeout(120_000);

  for (const [layers, outputs] of [[[], 1], [[4], 1], [[5, 3], 1], [[], 3], [[4], 3]] as const) {
    it(`has the gradient of plain arithmetic with hidden layers [${layers.join(', ')}] and outputs ${outputs}`, async () => {
      const tf = await loadTf();
      const drawn = randomData(12, 6);
      const data = outputs === 1 ? drawn : { ...drawn, labels: drawn.labels.map((_, row) => row % outputs) };
      const model = describeModel({ kind: layers.length === 0 ? 'logistic' : 'mlp', layers: [...layers], ...(outputs === 1 ? {} : { outputs }) }, 6, 'zeros');
      // Biases away from zero, because at ReLU's corner there is no gradient to compare.
      const parameters = initialParameters(model, 6, 'gradient').map((value, at) => (value === 0 ? 0.1 + at / 100 : value));
      const stages = layersOf(model, 6);
      const weights = toWeights(tf, parameters, stages);
      const grads = tf.tidy(() => gradients(tf, model, stages, weights, data));
      const ours = (await Promise.all(grads.flat().map((tensor) => tensor.data()))).flatMap((values) => [...values]);
      const nudged = (k: number, by: number): number[] => [...parameters].map((value, at) => (at === k ? value + by : value));
      for (let k = 0; k < parameters.length; k++) {
        const slope = (plainLoss(nudged(k, 1e-5), [6, ...layers, outputs], data) - plainLoss(nudged(k, -1e-5), [6, ...layers, outputs], data)) / 2e-5;
        expect(ours[k], `parameter ${k}`).to.be.closeTo(slope, 2e-6);
      }
      tf.dispose([...weights, ...grads].flat());
    });
  }

  it('gives the same bytes for the same seed, others for another, and leaks no tensor', async () => {
    const tf = await loadTf();
    const before = tf.memory().numTensors;
    const data = toDataset(readCsv(file('wdbc.csv')), study, 'id');
    const run = (seed: string): Promise<Float32Array> => train(tf, study, new Float32Array(31), data, seededRandom(seed));
    const first = await run('a');
    expect(await run('a')).to.deep.equal(first);
    expect(await run('b')).not.to.deep.equal(first);
    await predict(tf, study, first, data);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('bends steps towards the base model and by a drift, as plain arithmetic has it', async () => {
    const tf = await loadTf();
    const before = tf.memory().numTensors;
    const data = randomData(8, 2);
    const base = Float32Array.of(0.5, -0.25, 0.125);
    const recipe = { model: describeModel({ kind: 'logistic', layers: [] }, 2, 'zeros'), training: { ...study.training, localEpochs: 2, batchSize: 8, learningRate: '0.5' } };
    const slope = (x: readonly number[]): number[] => x.map((_, k) => {
      const at = (by: number): number => plainLoss(x.map((value, at) => value + (at === k ? by : 0)), [2, 1], data);
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    const plainly = (proximal: number, drift: readonly number[]): number[] => {
      let x = [...base];
      for (let step = 1; step <= 2; step++) x = slope(x).map((gradient, k) => x[k]! - 0.5 * (gradient + proximal * (x[k]! - base[k]!) + drift[k]!));
      return x;
    };
    for (const [proximal, drift] of [['0.4', [0, 0, 0]], [undefined, [0.3, -0.2, 0.1]], ['0.4', [0.3, -0.2, 0.1]]] as const) {
      const bent = { ...recipe, training: { ...recipe.training, ...(proximal === undefined ? {} : { proximal }) } };
      const found = await train(tf, bent, base, data, seededRandom('bend'), { drift: Float32Array.from(drift) });
      plainly(Number(proximal ?? 0), drift).forEach((value, k) => expect(found[k]).to.be.closeTo(value, 5e-6));
    }
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('refuses to go on without rows or with parameters that are not finite', async () => {
    const tf = await loadTf();
    const before = tf.memory().numTensors;
    const data = randomData(8, 2);
    const recipe = { model: describeModel({ kind: 'logistic', layers: [] }, 2, 'zeros'), training: { ...study.training, learningRate: '100000000' } };
    await expectCode(train(tf, recipe, new Float32Array(3), { ...data, rows: 0 }, seededRandom('x')), 'DATA_MISSING');
    const huge = { ...data, features: data.features.map((value) => value * 1e35) };
    await expectCode(train(tf, recipe, new Float32Array(3), huge, seededRandom('x')), 'TRAINING_DIVERGED');
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('refuses a study whose tensors are not the chain of its layers', () => {
    const model = describeModel({ kind: 'mlp', layers: [8] }, 30, 'zeros');
    expect(() => layersOf({ ...model, layers: [9] }, 30)).to.throw('30×9');
    expect(() => layersOf(model, 31)).to.throw('31×8');
  });

  it('learns: an MLP from drawn parameters and the default study from zeros', async () => {
    const { sites, test } = divideTable(readCsv(file('wdbc.csv')), { label: 'diagnosis', sites: 3, alpha: 1, testFraction: 0.25, seed: 'learns' });
    const all = pooled(sites.map((site) => toDataset(site, study, 'id')));
    const held = toDataset(test, study, 'id');
    const logistic = await evaluate(study, await trainAlone(study, new Float32Array(31), all, 'seed'), held);
    expect(logistic.auc).to.be.above(0.97);
    const mlp = { ...study, model: describeModel({ kind: 'mlp', layers: [8] }, 30, 'zeros') };
    const deep = await evaluate(mlp, await trainAlone(mlp, initialParameters(mlp.model, 30, 'seed'), all, 'seed'), held);
    expect(deep.auc).to.be.above(0.97);
    expect(deep.rows).to.equal(142);
  });
});

async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(() => undefined, (cause: unknown) => cause as { code?: string });
  expect(error?.code).to.equal(code);
}
