// Private training: ghost clipping against one gradient a person, the bound it keeps, and how good a model within epsilon 3 is.
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { epsilonAfter, sha256, stepsPerRound, type BudgetTerms, type Study } from '@epione/protocol';
import { readCsv } from '../data/csv.js';
import { selectRows, toDataset, type Dataset } from '../data/dataset.js';
import { divideTable } from '../data/split.js';
import { seededRandom } from '../random.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { readStudyTemplate, studyFrom } from '../study-template.js';
import { evaluate, pooled } from '../training/baseline.js';
import { describeModel, gradients, initialParameters, layersOf, toWeights, type ModelForm } from '../training/model.js';
import { loadTf } from '../training/tf.js';
import { normOf } from './clip.js';
import { clippedSum, trainPrivately, type PrivateRecipe } from './dp-sgd.js';

const file = (name: string): string => readFileSync(new URL(`../../../data/wdbc/${name}`, import.meta.url), 'utf8');
const place = { channel: 'epione', genesis: `sha256:${'0'.repeat(64)}` as const, chaincode: 'epione', participants: ['A', 'B', 'C'], aggregators: ['A', 'B', 'C'], observers: ['D'] };
const study = studyFrom(readStudyTemplate(file('study.yaml')), place);
const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '1.7', epsilon: '3', delta: '0.001', sampling: 'poisson', samplingRate: '0.1', accountant: 'rdp' };

/** The same bytes each time, so that a run can be repeated; a site takes them from node:crypto. */
function seeded(seed: string): RandomBytes {
  const cipher = createCipheriv('aes-256-ctr', sha256(new TextEncoder().encode(seed)), Buffer.alloc(16));
  return (length) => new Uint8Array(cipher.update(Buffer.alloc(length)));
}

function randomData(rows: number, width: number): Dataset {
  const random = seededRandom('data', rows);
  const draw = (length: number, of: () => number): Float32Array => Float32Array.from({ length }, of);
  return { rows, width, features: draw(rows * width, () => random.normal()), labels: draw(rows, () => random.below(2)), ids: Array.from({ length: rows }, (_, row) => String(row)) };
}

describe('private training', function () {
  this.timeout(120_000);

  const image: ModelForm = { kind: 'cnn', input: [6, 5, 2], layers: [{ conv: 3, size: [3, 2], stride: [2, 1], padding: 'same' }, { pool: 'max', size: [1, 2] }, { conv: 2, size: [2, 2], stride: [1, 1], padding: 'valid' }, 4], outputs: 3 };
  const forms: [string, ModelForm, number, number][] = [
    ['dense layers', { kind: 'mlp', layers: [5, 3] }, 6, 0.8],
    ['dense layers with 3 outputs', { kind: 'mlp', layers: [5, 3], outputs: 3 }, 6, 1.8],
    ['convolutions', image, 60, 3],
  ];
  for (const [told, form, width, norm] of forms) it(`sums what clipping one gradient a person sums: ${told}`, async () => {
    const tf = await loadTf();
    const data = randomData(12, width);
    const model = describeModel(form, width, 'zeros');
    const layers = layersOf(model, width);
    const parameters = initialParameters(model, width, 'ghost').map((value, at) => (value === 0 ? 0.1 + at / 500 : value));
    const people = data.ids.map((_, row) => [row]);
    const wanted = new Float64Array(parameters.length);
    let within = 0;
    for (const [row] of people) {
      const one = selectRows(data, [row!]);
      const weights = toWeights(tf, parameters, layers);
      const grads = tf.tidy(() => gradients(tf, model, layers, weights, one));
      const gradient = Float64Array.from(grads.flat().flatMap((tensor) => [...tensor.dataSync()]));
      const length = normOf(gradient);
      if (length <= norm) within += 1;
      gradient.forEach((value, k) => { wanted[k]! += value * Math.min(1, norm / length); });
      tf.dispose([...weights, ...grads].flat());
    }
    const before = tf.memory().numTensors;
    const { sum, unclipped } = clippedSum(tf, { model, training: study.training }, parameters, data, people, norm);
    expect(tf.memory().numTensors).to.equal(before);
    sum.forEach((value, k) => expect(value).to.be.closeTo(wanted[k]!, 1e-5));
    expect(unclipped).to.equal(within);
    expect(within).to.be.within(1, 11); // both cases were met
  });

  /** All persons' clipped sum against the sum without each. */
  async function assertBounded(training: Study['training']): Promise<void> {
    const tf = await loadTf();
    const data = randomData(12, 6);
    const model = describeModel({ kind: 'logistic', layers: [] }, 6, 'zeros');
    const parameters = Float32Array.from({ length: 7 }, (_, k) => k / 10);
    const sumOf = (people: number[][]): Float64Array => clippedSum(tf, { model, training }, parameters, data, people, 0.3).sum;
    const people = [[0, 1, 2, 3, 4, 5], [6], [7, 8], [9, 10, 11]];
    const all = sumOf(people);
    people.forEach((_, absent) => {
      const without = sumOf(people.filter((__, at) => at !== absent));
      expect(normOf(all.map((value, k) => value - without[k]!))).to.be.within(0.01, 0.3 + 1e-12);
    });
    expect(sumOf([])).to.deep.equal(new Float64Array(7));
  }

  it('lets no person move the sum by more than the norm, however many rows they have', async () => {
    await assertBounded(study.training);
  });

  it('bounds a person as well whose rows were moved to mislead the model', async () => {
    await assertBounded({ ...study.training, adversarial: { epsilon: '0.3', steps: 3, stepSize: '0.1' } });
  });

  it('trains on nobody as well: noise alone', async () => {
    const tf = await loadTf();
    const recipe: PrivateRecipe = { ...study, privacy: { ...privacy, samplingRate: '0.25' }, training: { ...study.training, localEpochs: 1 } };
    const { parameters } = await trainPrivately(tf, recipe, new Float32Array(31), randomData(1, 30), ['x'], 1, seeded('nobody'));
    expect(parameters.every((value) => value !== 0)).to.equal(true);
  });

  it('follows a quantile of the gradients’ norms where the study says so', async () => {
    const tf = await loadTf();
    const data = randomData(400, 6);
    const adaptive = { quantile: '0.5', learningRate: '0.3', countNoise: '4' };
    const recipe: PrivateRecipe = { model: describeModel({ kind: 'logistic', layers: [] }, 6, 'zeros'), training: { ...study.training, localEpochs: 8, learningRate: '0.01' }, privacy: { ...privacy, samplingRate: '0.2', adaptive } };
    const gradientNorms = Array.from({ length: 400 }, (_, row) => 0.5 * Math.sqrt(1 + data.features.subarray(row * 6, row * 6 + 6).reduce((sum, value) => sum + value ** 2, 0))).sort((a, b) => a - b);
    for (const start of [0.1, 10]) {
      const { norm } = await trainPrivately(tf, recipe, new Float32Array(7), data, data.ids, start, seeded(`adapts ${start}`));
      expect(norm).to.be.within(gradientNorms[100]!, gradientNorms[300]!); // began far outside, and the noised median is known this well
    }
  });

  it('classifies the shipped data well within epsilon 3', async () => {
    const tf = await loadTf();
    const { sites, test } = divideTable(readCsv(file('wdbc.csv')), { label: 'diagnosis', sites: 3, alpha: 1, testFraction: 0.25, seed: 'learns' });
    const all = pooled(sites.map((site) => toDataset(site, study, 'id')));
    const recipe: PrivateRecipe = { ...study, privacy, training: { ...study.training, localEpochs: 3, learningRate: '0.5' } };
    let parameters = new Float32Array(31);
    for (let round = 1; round <= 5; round++) parameters = (await trainPrivately(tf, recipe, parameters, all, all.ids, 1, seeded(`learns ${round}`))).parameters as Float32Array<ArrayBuffer>;
    const epsilon = Number(epsilonAfter(privacy, 5 * stepsPerRound(recipe)));
    const { accuracy, auc } = await evaluate(study, parameters, toDataset(test, study, 'id'));
    expect(epsilon).to.be.within(2.5, 3);
    expect(accuracy).to.be.above(0.92);
    expect(auc).to.be.above(0.98);
  });
});
