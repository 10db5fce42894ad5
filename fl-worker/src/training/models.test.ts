// Networks that see images and signals, and survival: gradients and losses against their definitions, published values, the same seed the same bytes.
import { expect } from 'chai';
import type { Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import { evaluate, evaluateSurvival } from './baseline.js';
import { concordance, coxLoss } from './models/cox.js';
import { describeModel, gradients, initialParameters, layersOf, toWeights, type ModelForm } from './model.js';
import { loadTf } from './tf.js';
import { train } from './train.js';

const training: Study['training'] = { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 };

const forms: Record<string, ModelForm> = {
  'an image, convolved twice': { kind: 'cnn', input: [6, 5, 2], layers: [{ conv: 3, size: [3, 2], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }, { conv: 2, size: [2, 2], stride: [1, 1], padding: 'valid' }, 4] },
  'an image with strides': { kind: 'cnn', input: [7, 6, 1], layers: [{ conv: 2, size: [3, 3], stride: [2, 1], padding: 'same' }, { conv: 3, size: [2, 2], stride: [2, 2], padding: 'valid' }] },
  'a signal': { kind: 'cnn', input: [12, 2], layers: [{ conv: 3, size: [3], stride: [2], padding: 'same' }, { pool: 'max', size: [2] }, { conv: 2, size: [2], stride: [1], padding: 'same' }] },
};

type Volume = { readonly shape: [number, number, number]; readonly at: (y: number, x: number, c: number) => number };

const volume = (shape: Volume['shape'], values: ArrayLike<number>): Volume => ({ shape, at: (y, x, c) => (y < 0 || x < 0 || y >= shape[0] || x >= shape[1] ? 0 : values[(y * shape[1] + x) * shape[2] + c]!) });
const fill = (shape: Volume['shape'], of: (y: number, x: number, c: number) => number): number[] => {
  const values: number[] = [];
  for (let y = 0; y < shape[0]; y++) for (let x = 0; x < shape[1]; x++) for (let c = 0; c < shape[2]; c++) values.push(of(y, x, c));
  return values;
};
const pair = (size: readonly number[]): [number, number] => (size.length === 1 ? [1, size[0]!] : [size[0]!, size[1]!]);

/** A network's logit for one row in float64, straight from the definition of each layer. */
function plainLogit({ layers, input }: ModelForm, parameters: readonly number[], row: ArrayLike<number>): number {
  let at = 0;
  const take = (count: number): readonly number[] => parameters.slice(at, (at += count));
  const shape = (input!.length === 2 ? [1, ...input!] : input) as Volume['shape'];
  let [here, values] = [shape, [...Array.from(row)]];
  const dense = (outputs: number): number[] => {
    const [kernel, bias] = [take(values.length * outputs), take(outputs)];
    return bias.map((start, out) => values.reduce((sum, value, k) => sum + value * kernel[k * outputs + out]!, start));
  };
  for (const layer of layers) {
    const from = volume(here, values);
    if (typeof layer === 'number') {
      values = dense(layer).map((z) => Math.max(z, 0));
    } else if ('conv' in layer) {
      const [[down, right], [dy, dx]] = [pair(layer.size), pair(layer.stride)];
      const [kernel, bias] = [take(down * right * here[2] * layer.conv), take(layer.conv)];
      const channels = here[2];
      const out = ([[here[0], down, dy], [here[1], right, dx]] as const).map(([length, size, stride]) => (layer.padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1)) as [number, number];
      const zeros = (length: number, reached: number, size: number, stride: number): number => (layer.padding === 'same' ? Math.floor(Math.max((reached - 1) * stride + size - length, 0) / 2) : 0);
      const [top, left] = [zeros(here[0], out[0], down, dy), zeros(here[1], out[1], right, dx)];
      values = fill([...out, layer.conv], (y, x, f) => {
        let sum = bias[f]!;
        for (let i = 0; i < down; i++) for (let j = 0; j < right; j++) for (let c = 0; c < channels; c++) sum += from.at(y * dy + i - top, x * dx + j - left, c) * kernel[((i * right + j) * channels + c) * layer.conv + f]!;
        return Math.max(sum, 0);
      });
      here = [...out, layer.conv];
    } else {
      const [down, right] = pair(layer.size);
      const out: Volume['shape'] = [Math.floor(here[0] / down), Math.floor(here[1] / right), here[2]];
      values = fill(out, (y, x, c) => Math.max(...fill([down, right, 1], (i, j) => from.at(y * down + i, x * right + j, c))));
      here = out;
    }
  }
  return dense(1)[0]!;
}

const plainLoss = (form: ModelForm, parameters: readonly number[], { rows, width, features, labels }: Dataset): number => {
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const z = plainLogit(form, parameters, features.subarray(row * width, (row + 1) * width));
    loss += Math.log(1 + Math.exp(labels[row] === 1 ? -z : z)) / rows;
  }
  return loss;
};

function randomData(rows: number, width: number): Dataset {
  const random = seededRandom('models', rows, width);
  return { rows, width, features: Float32Array.from({ length: rows * width }, () => random.normal()), labels: Float32Array.from({ length: rows }, () => random.below(2)), ids: [] };
}

/** Remission of leukaemia in weeks (Freireich et al. 1963, as in Gehan 1965): 21 patients on 6-mercaptopurine, then 21 on placebo; negative where remission lasted beyond. */
const weeks = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35, 1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];
const leukaemia: Dataset = {
  rows: 42, width: 1, features: Float32Array.from(weeks, (_, row) => (row < 21 ? 0 : 1)), labels: Float32Array.from(weeks, Math.abs), events: Float32Array.from(weeks, (week) => (week > 0 ? 1 : 0)), ids: weeks.map((_, row) => String(row)),
};

describe('models', function () {
  this.timeout(120_000);

  for (const [name, form] of Object.entries(forms)) {
    it(`have the gradient of plain arithmetic: ${name}`, async () => {
      const tf = await loadTf();
      const before = tf.memory().numTensors;
      const width = form.input!.reduce((product, size) => product * size, 1);
      const data = randomData(5, width);
      const model = describeModel(form, width, 'zeros');
      const parameters = initialParameters(model, width, name).map((value, at) => (value === 0 ? 0.1 + at / 500 : value)); // biases away from ReLU's corner
      const stages = layersOf(model, width);
      const weights = toWeights(tf, parameters, stages);
      const grads = tf.tidy(() => gradients(tf, model, stages, weights, data));
      const ours = grads.flat().flatMap((tensor) => [...tensor.dataSync()]);
      expect(ours.length).to.equal(model.dimension);
      for (let k = 0; k < parameters.length; k++) {
        const loss = (by: number): number => plainLoss(form, [...parameters].map((value, at) => (at === k ? value + by : value)), data);
        expect(ours[k], `parameter ${k}`).to.be.closeTo((loss(1e-6) - loss(-1e-6)) / 2e-6, 5e-6);
      }
      tf.dispose([...weights, ...grads].flat());
      expect(tf.memory().numTensors).to.equal(before);
    });
  }

  it('give the same bytes for the same seed, leak no tensor, and find a bright corner', async () => {
    const tf = await loadTf();
    const before = tf.memory().numTensors;
    const model = describeModel({ kind: 'cnn', input: [8, 8, 1], layers: [{ conv: 4, size: [3, 3], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }, { conv: 4, size: [3, 3], stride: [1, 1], padding: 'same' }, { pool: 'max', size: [2, 2] }] }, 64, 'zeros');
    const random = seededRandom('corner');
    const labels = Float32Array.from({ length: 64 }, () => random.below(2));
    const features = Float32Array.from({ length: 64 * 64 }, (_, at) => random.normal() + (labels[at >> 6] === 1 && (at & 63) < 32 && (at & 7) < 4 ? 1.5 : 0));
    const data: Dataset = { rows: 64, width: 64, features, labels, ids: [] };
    const run = (seed: string): Promise<Float32Array> => train(tf, { model, training: { ...training, localEpochs: 12 } }, initialParameters(model, 64, 'start'), data, seededRandom(seed));
    const first = await run('a');
    expect(await run('a')).to.deep.equal(first);
    expect(await run('b')).not.to.deep.equal(first);
    expect((await evaluate({ model }, first, data)).accuracy).to.be.above(0.9);
    expect(tf.memory().numTensors).to.equal(before);
  });

  it('refuse layers that do not fit', () => {
    const tooLarge: ModelForm = { kind: 'cnn', input: [4, 1], layers: [{ pool: 'max', size: [5] }] };
    expect(() => describeModel(tooLarge, 4, 'zeros')).to.throw('study.model.layers.0').with.property('code', 'STUDY_INVALID');
    expect(() => describeModel({ ...tooLarge, layers: [] }, 5, 'zeros')).to.throw('takes 4 inputs, the features are 5');
  });

  it('Cox: loss and slope are those of the definition, ties and rows lost sight of included', () => {
    const random = seededRandom('cox');
    const scores = Array.from({ length: 30 }, () => 3 * random.normal());
    const times = scores.map(() => 1 + random.below(8));
    const events = scores.map(() => random.below(2));
    const plain = (at: readonly number[]): number => -at.reduce((sum, score, i) => sum + events[i]! * (score - Math.log(at.reduce((risk, other, j) => risk + (times[j]! >= times[i]! ? Math.exp(other) : 0), 0))), 0) / 30;
    const { loss, slope } = coxLoss(scores, times, events);
    expect(loss).to.be.closeTo(plain(scores), 1e-12);
    scores.forEach((_, k) => {
      const nudged = (by: number): number => plain(scores.map((score, at) => (at === k ? score + by : score)));
      expect(slope[k]).to.be.closeTo((nudged(1e-5) - nudged(-1e-5)) / 2e-5, 1e-9);
    });
    const far = coxLoss(scores.map((score) => score + 5000), times, events); // a common shift changes nothing, and nothing overflows
    expect(far.loss).to.be.closeTo(loss, 1e-9);
  });

  it('Cox: finds the coefficient that textbooks give for the leukaemia data with Breslow ties, 1.50919', async () => {
    const model = describeModel({ kind: 'cox', layers: [] }, 1, 'zeros');
    expect(model.tensors).to.deep.equal([{ name: 'dense1.kernel', shape: [1, 1] }]);
    const fitted = await train(await loadTf(), { model, training: { ...training, learningRate: '2', localEpochs: 200, batchSize: 42 } }, new Float32Array(1), leukaemia, seededRandom('x'));
    expect(fitted[0]).to.be.closeTo(1.50919, 1e-4);
    const { rows, logLoss, concordance: c } = await evaluateSurvival({ model }, fitted, leukaemia);
    expect([rows, c! > 0.65]).to.deep.equal([42, true]);
    expect(logLoss).to.be.below(coxLoss(new Float64Array(42), leukaemia.labels, leukaemia.events!).loss);
  });

  it('Cox: concordance counts pairs whose order is known, equal scores half', () => {
    expect(concordance([3, 2, 1], [1, 2, 3], [1, 1, 1])).to.equal(1);
    expect(concordance([1, 2, 3], [1, 2, 3], [1, 1, 1])).to.equal(0);
    expect(concordance([2, 2, 1], [1, 2, 2], [1, 0, 1])).to.equal((0.5 + 1 + 0) / 3);
    expect(concordance([1, 2], [1, 2], [0, 1])).to.equal(undefined);
  });
});
