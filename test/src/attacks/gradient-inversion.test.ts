// Gradient inversion on updates as they are sealed: it must succeed on plain ones, and fail on masked, summed and noised ones.
import { createCipheriv } from 'node:crypto';
import { expect } from 'chai';
import { applyMasks, encodeUpdate, readVector, sha256, sumVectors, type BudgetTerms, type Study } from '@epione/protocol';
import { loadTf, describeModel, seededRandom, selectRows, train, trainPrivately, type Dataset } from '@epione/fl-worker';
import { digitsModel, form, readDigits, startOf } from '../robust/digits.js';
import { gradientDistance, leak } from './deep-leakage.js';
import { bestError, quotients, squaredError } from './gradient-inversion.js';

const encoding: Study['encoding'] = { bits: 64, fractionBits: 32, clip: '8', maxWeight: 1000 };
const digits = readDigits();
const start = Float32Array.from(startOf('inversion'));
const linear = describeModel({ kind: 'logistic', layers: [], outputs: form.outputs }, form.inputs, 'zeros');
const rowsOf = ({ rows, width, features }: Dataset): Float32Array[] => Array.from({ length: rows }, (_, row) => features.slice(row * width, (row + 1) * width));
const meanRow = Float64Array.from({ length: digits.width }, (_, k) => rowsOf(digits).reduce((sum, row) => sum + row[k]!, 0) / digits.rows);
const some = (from: number, count: number): Dataset => selectRows(digits, Array.from({ length: count }, (_, at) => from + at));
const bytes = (name: string): ((length: number) => Uint8Array) => {
  const cipher = createCipheriv('aes-256-ctr', sha256(new TextEncoder().encode(name)), Buffer.alloc(16));
  return (length) => new Uint8Array(cipher.update(Buffer.alloc(length)));
};

const learningRate = '0.2';

/** What a hospital seals after one step on some rows. */
async function sealed(rows: Dataset, model: Study['model'] = digitsModel, base: Float32Array = start): Promise<Uint8Array> {
  const training = { optimizer: 'sgd', learningRate, localEpochs: 1, batchSize: rows.rows } as const;
  const local = await train(await loadTf(), { model, training }, base, rows, seededRandom('inversion'));
  return encodeUpdate(Float64Array.from(local, (value, k) => value - base[k]!), encoding, 1);
}

/** The same of one row, clipped to 1 and noised before. */
async function noised(row: number): Promise<Uint8Array> {
  const privacy: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '1', epsilon: '8', delta: '0.001', sampling: 'all', accountant: 'rdp' };
  const training = { optimizer: 'sgd', learningRate, localEpochs: 1, batchSize: 1 } as const;
  const { parameters } = await trainPrivately(await loadTf(), { model: digitsModel, training, privacy }, start, some(row, 1), ['one'], 1, bytes(`noise ${row}`));
  return encodeUpdate(Float64Array.from(parameters, (value, k) => value - start[k]!), encoding, 1);
}

/** Words as they leave a site of a masked study: under a pair's mask and its own. */
const masked = (words: Uint8Array): Uint8Array => applyMasks(words, 64, ['pair', 'self'].map((name) => ({ seed: sha256(new TextEncoder().encode(name)), sign: 1 as const })));

/** The nearest candidate to any row, from the first layer's part of an update. */
const attack = (update: ArrayLike<number>, rows: Dataset, outputs = form.hidden): number => bestError(quotients({ inputs: form.inputs, outputs, values: update }), rowsOf(rows));
const opened = (words: Uint8Array, { dimension } = digitsModel): Float64Array => readVector(words, encoding, dimension).steps;
/** What words look like to one who takes them for an update that is not masked. */
const takenFor = (words: Uint8Array, { dimension } = digitsModel): number[] => Array.from({ length: dimension }, (_, k) => Number(new DataView(words.buffer, words.byteOffset).getBigInt64(8 * (k + 1), true)) / 2 ** encoding.fractionBits);
/** The best that one can do who knows what digits look like and nothing else. */
const guess = (rows: Dataset): number => Math.min(...rowsOf(rows).map((row) => squaredError(meanRow, row)));

describe('gradient inversion', function () {
  this.timeout(120_000);

  it('gives the row back from a plain update of one row', async () => {
    for (const row of [0, 7, 100, 1500]) {
      expect(attack(opened(await sealed(some(row, 1))), some(row, 1)), `row ${row}`).to.be.below(1e-8);
      expect(guess(some(row, 1))).to.be.above(0.02);
    }
  });

  for (const count of [2, 4, 8]) it(`gives at least one row back from a plain update of ${count} rows`, async () => {
    expect(attack(opened(await sealed(some(40, count))), some(40, count))).to.be.below(1e-4);
  });

  it('learns nothing from masked words, which is all that an aggregator has before all is unmasked', async () => {
    const rows = some(7, 1);
    expect(attack(takenFor(await sealed(rows)), rows)).to.be.below(1e-8); // the same reading of words that are not masked succeeds
    expect(attack(takenFor(masked(await sealed(rows))), rows)).to.be.above(guess(rows));
  });

  /** The unmasked sum of three hospitals with 40 rows each. */
  async function sumOfThree(model: Study['model'], base: Float32Array): Promise<Uint8Array> {
    const [ab, bc, ca] = ['ab', 'bc', 'ca'].map((name) => sha256(new TextEncoder().encode(name)));
    const masks = [[ab, ca], [bc, ab], [ca, bc]].map(([plus, minus]) => [{ seed: plus!, sign: 1 as const }, { seed: minus!, sign: -1 as const }]);
    const words = await Promise.all([0, 40, 80].map((from) => sealed(some(from, 40), model, base)));
    const sum = sumVectors(words.map((vector, at) => applyMasks(vector, 64, masks[at]!)), 64);
    expect(sum).to.deep.equal(sumVectors(words, 64)); // pair masks have gone
    return sum;
  }

  it('learns less from the sum of three hospitals than one who guesses the mean row, where all rows move all weights', async () => {
    const all = some(0, 120);
    const seen = takenFor(await sumOfThree(linear, new Float32Array(linear.dimension)), linear);
    expect(attack(seen, all, form.outputs)).to.be.above(guess(all));
    expect(attack(opened(await sealed(some(7, 1), linear, new Float32Array(linear.dimension)), linear), some(7, 1), form.outputs)).to.be.below(1e-8); // and from one hospital's one row all
  });

  it('still finds a row that one neuron alone saw, in a sum of any number: a sum needs noise beside it', async () => {
    const all = some(0, 120);
    expect(attack(takenFor(await sumOfThree(digitsModel, start)), all)).to.be.below(1e-4);
  });

  it('fails on an update that was clipped to 1 and noised, even of one row', async () => {
    for (const row of [0, 7, 100]) expect(attack(opened(await noised(row)), some(row, 1)), `row ${row}`).to.be.above(guess(some(row, 1)));
  });

  describe('by matching gradients (DLG)', () => {
    const gradientOf = (change: ArrayLike<number>): Float64Array => Float64Array.from(change, (value) => -value / Number(learningRate));
    /** An update is in steps of the fixed-point grid. */
    const inSteps = (words: Uint8Array): Float64Array => gradientOf(opened(words).map((value) => value / 2 ** encoding.fractionBits));
    /** The error of the row that is told from the gradient of one step, by one who knows that pixels are from 0 to 1. */
    const leaked = (seen: Float64Array, row: number): number => {
      const told = leak(form, Float64Array.from(start), seen, seededRandom('leak', row)).row.map((pixel) => Math.min(1, Math.max(0, pixel)));
      return squaredError(told, rowsOf(some(row, 1))[0]!);
    };

    it('descends along the true slope, to the row itself', async () => {
      const seen = inSteps(await sealed(some(7, 1)));
      const at = (guessed: Float64Array): ReturnType<typeof gradientDistance> => gradientDistance(form, Float64Array.from(start), seen, guessed);
      const point = Float64Array.from({ length: form.inputs + form.outputs }, (_, k) => 0.5 + 0.5 * Math.sin(k));
      const moved = (k: number, by: number): number => at(point.map((value, i) => (i === k ? value + by : value))).value;
      at(point).slope.forEach((slope, k) => expect((moved(k, 1e-6) - moved(k, -1e-6)) / 2e-6, `argument ${k}`).to.be.closeTo(slope, 1e-5));
      const truth = Float64Array.of(...some(7, 1).features, ...Array.from({ length: form.outputs }, (_, digit) => (digit === some(7, 1).labels[0] ? 40 : 0)));
      expect(at(truth).value).to.be.below(1e-10);
    });

    it('gives the row back from a plain update of one row', async () => {
      for (const row of [0, 7, 1500]) expect(leaked(inSteps(await sealed(some(row, 1))), row), `row ${row}`).to.be.below(1e-8);
    });

    it('learns nothing from masked words, nor from an update that was clipped to 1 and noised', async () => {
      for (const row of [0, 7]) {
        expect(leaked(gradientOf(takenFor(masked(await sealed(some(row, 1))))), row), `row ${row}, masked`).to.be.above(guess(some(row, 1)));
        expect(leaked(inSteps(await noised(row)), row), `row ${row}, noised`).to.be.above(guess(some(row, 1)));
      }
    });
  });
});
