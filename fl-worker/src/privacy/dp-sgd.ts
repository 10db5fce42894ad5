/**
 * Training that hides every person: gradients are clipped person by person, summed, noised, and only then used (Abadi et al. 2016, arXiv 1607.00133).
 * Norms come from activations and deltas, without any person's gradient being made (Goodfellow 2015, arXiv 1510.01799; "ghost clipping").
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nextNorm, stepsPerRound, vectorNoiseOf, type BudgetTerms } from '@epione/protocol';
import { selectRows, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { classSlope, deltas, denseLayersOf, forward, scoresOf, toWeights } from '../training/model.js';
import type { Dense } from '../training/models/dense.js';
import type { Passed as Stagewise } from '../training/models/stage.js';
import type { Tf } from '../training/tf.js';
import type { Recipe } from '../training/train.js';
import { clipFactor, normToClipTo } from './clip.js';
import { roundingRoom, withNoise } from './gaussian-noise.js';
import { drawPeople, expectedDrawn, groupByPerson, type Person } from './people.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { RandomBits } from './random-bits.js';

/** The parts of a study that private training reads. */
export interface PrivateRecipe extends Recipe {
  readonly privacy: BudgetTerms;
}

/** A trained model and the clipping norm to go on with. */
export interface PrivatelyTrained {
  readonly parameters: Float32Array;
  readonly norm: number;
}

/** One layer's inputs and deltas of a batch, row by row. */
interface Passed {
  readonly inputs: Float32Array;
  readonly deltas: Float32Array;
}

/** Forward and backward through the model for some rows. */
function pass(tf: Tf, { model }: Recipe, layers: readonly Dense[], parameters: Float32Array, data: Dataset, rows: readonly number[]): Passed[] {
  const { features, labels } = selectRows(data, rows);
  return tf.tidy(() => {
    const weights = toWeights(tf, parameters, layers);
    const passed = forward(tf, layers, weights, tf.tensor2d(features, [rows.length, data.width]));
    const found = deltas(tf, layers, weights, passed, classSlope(tf, model, scoresOf(passed), labels, 1));
    return found.map((delta, at) => ({ inputs: (passed[at] as Stagewise).input.dataSync<'float32'>(), deltas: delta.dataSync<'float32'>() }));
  });
}

const squares = (values: Float32Array, from: number, count: number): number => {
  let sum = 0;
  for (let k = from; k < from + count; k++) sum += (values[k] as number) ** 2;
  return sum;
};

/** Adds a row's gradient times a factor. Sums are float64, because the bound on a sum is only as good as its rounding. */
function addGradient(sum: Float64Array, layers: readonly Dense[], passed: readonly Passed[], row: number, factor: number): void {
  layers.forEach(({ inputs, outputs, kernelAt, biasAt }, at) => {
    const { inputs: a, deltas: d } = passed[at] as Passed;
    for (let out = 0; out < outputs; out++) {
      const delta = factor * (d[row * outputs + out] as number);
      sum[biasAt + out] = (sum[biasAt + out] as number) + delta;
      for (let k = 0; k < inputs; k++) sum[kernelAt + k * outputs + out] = (sum[kernelAt + k * outputs + out] as number) + delta * (a[row * inputs + k] as number);
    }
  });
}

/**
 * The sum of clipped gradients over the persons of a step, and how many of them needed no clipping. Each of a person's k rows is clipped to
 * the k-th part of the norm, so that the person as a whole stays within it.
 */
export function clippedSum(tf: Tf, recipe: Recipe, parameters: Float32Array, data: Dataset, people: readonly Person[], norm: number): { sum: Float64Array; unclipped: number } {
  const sum = new Float64Array(parameters.length);
  if (people.length === 0) return { sum, unclipped: 0 };
  const layers = denseLayersOf(recipe.model, data.width);
  const passed = pass(tf, recipe, layers, parameters, data, people.flat());
  let row = 0;
  let unclipped = 0;
  for (const rows of people) {
    let clipped = false;
    for (const end = row + rows.length; row < end; row++) {
      const length = Math.sqrt(layers.reduce((total, { inputs, outputs }, at) => {
        const { inputs: a, deltas: d } = passed[at] as Passed;
        return total + squares(d, row * outputs, outputs) * (squares(a, row * inputs, inputs) + 1);
      }, 0));
      if (!Number.isFinite(length)) throw new WorkerError('TRAINING_DIVERGED', 'a gradient is not finite', { remedy: 'The study needs a smaller learning rate, or a feature lacks its scaling.' });
      const factor = clipFactor(length, norm / rows.length);
      clipped ||= factor < 1;
      addGradient(sum, layers, passed, row, factor);
    }
    if (!clipped) unclipped += 1;
  }
  return { sum, unclipped };
}

/**
 * Trains from the base model for one round's steps.
 * @param persons name of the person behind each row.
 * @param norm clipping norm to begin with.
 * @param bytes of a secure source: it hides who was drawn and is the noise.
 * @throws WorkerError DATA_MISSING without rows, TRAINING_DIVERGED.
 */
export async function trainPrivately(tf: Tf, recipe: PrivateRecipe, base: Float32Array, data: Dataset, persons: readonly string[], norm: number, bytes: RandomBytes, onEpoch?: (epoch: number) => void): Promise<PrivatelyTrained> {
  if (data.rows === 0) throw new WorkerError('DATA_MISSING', 'there are no rows to train on');
  const { privacy, training } = recipe;
  const random = new RandomBits(bytes);
  const people = groupByPerson(persons);
  const expected = expectedDrawn(privacy, people.length);
  const [noise, rate, steps] = [vectorNoiseOf(privacy), Number(training.learningRate), stepsPerRound(recipe)];
  const parameters = base.slice();
  const pull = Number(training.proximal ?? 0);
  let current = norm;
  for (let step = 1; step <= steps; step++) {
    const deviation = noise * current;
    const drawn = drawPeople(privacy, people, random);
    const { sum, unclipped } = clippedSum(tf, recipe, parameters, data, drawn, normToClipTo(current, roundingRoom(deviation, parameters.length)));
    withNoise(sum, deviation, random).forEach((value, k) => {
      const [here, start] = [parameters[k] as number, base[k] as number];
      parameters[k] = here - rate * (value / expected + pull * (here - start));
    });
    current = adapted(privacy, current, unclipped - drawn.length / 2, expected, random);
    if (step % (steps / training.localEpochs) === 0) onEpoch?.((step * training.localEpochs) / steps);
    await nextTurn(); // lets the blob server and timers run between steps
  }
  if (!parameters.every(Number.isFinite)) throw new WorkerError('TRAINING_DIVERGED', 'training gave a parameter that is not finite', { remedy: 'The study needs a smaller learning rate.' });
  return { parameters, norm: current };
}

/**
 * The norm after a step: moved by the noised count of unclipped vectors, where the study's norm adapts.
 * @param surplus of unclipped over half of all: one vector moves it by 1/2.
 * @param expected vectors of a step.
 */
export function adapted({ adaptive }: BudgetTerms, norm: number, surplus: number, expected: number, random: RandomBits): number {
  if (adaptive === undefined) return norm;
  const [counted] = withNoise(Float64Array.of(surplus), Number(adaptive.countNoise), random);
  return nextNorm(norm, 0.5 + (counted ?? 0) / expected, { quantile: Number(adaptive.quantile), learningRate: Number(adaptive.learningRate) });
}
