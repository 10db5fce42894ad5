/** Training that hides every person: gradients are clipped person by person, summed, noised, and only then used (Abadi et al. 2016, arXiv 1607.00133). */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nextNorm, stepsPerRound, vectorNoiseOf, type BudgetTerms } from '@epione/protocol';
import { selectRows, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { adversaryOf, mislead } from '../training/adversary.js';
import { classSlope, deltas, forward, inputsOf, layersOf, scoresOf, toWeights } from '../training/model.js';
import type { Tf } from '../training/tf.js';
import type { Recipe } from '../training/train.js';
import { clipFactor, normToClipTo } from './clip.js';
import { roundingRoom, withNoise } from './gaussian-noise.js';
import { drawPeople, expectedDrawn, groupByPerson, type Person } from './people.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { RandomBits } from './random-bits.js';
import { rowGradients, type RowGradients } from './row-gradients.js';

/** The parts of a study that private training reads. */
export interface PrivateRecipe extends Recipe {
  readonly privacy: BudgetTerms;
}

/** A trained model and the clipping norm to go on with. */
export interface PrivatelyTrained {
  readonly parameters: Float32Array;
  readonly norm: number;
}

/** Forward and backward through the model for some rows: the gradient of each. */
function gradientsOf(tf: Tf, { model, training: { adversarial } }: Recipe, parameters: Float32Array, plain: Dataset): RowGradients[] {
  const stages = layersOf(model, plain.width);
  let gradients: RowGradients[] = [];
  tf.tidy(() => {
    const weights = toWeights(tf, parameters, stages);
    // A row that was moved depends on itself and the model only, so clipping it bounds its person as before.
    const batch = adversarial === undefined ? plain : mislead(tf, model, stages, weights, plain, adversaryOf(adversarial));
    const passed = forward(tf, stages, weights, inputsOf(tf, model, batch));
    const found = deltas(tf, stages, weights, passed, classSlope(tf, model, scoresOf(passed), batch.labels, 1));
    gradients = rowGradients(tf, stages, passed, found, batch.rows);
  });
  return gradients;
}

/**
 * The sum of clipped gradients over the persons of a step, and how many of them needed no clipping. Each of a person's k rows is clipped to
 * the k-th part of the norm, so that the person as a whole stays within it.
 */
export function clippedSum(tf: Tf, recipe: Recipe, parameters: Float32Array, data: Dataset, people: readonly Person[], norm: number): { sum: Float64Array; unclipped: number } {
  const sum = new Float64Array(parameters.length);
  if (people.length === 0) return { sum, unclipped: 0 };
  const gradients = gradientsOf(tf, recipe, parameters, selectRows(data, people.flat()));
  let row = 0;
  let unclipped = 0;
  for (const rows of people) {
    let clipped = false;
    for (const end = row + rows.length; row < end; row++) {
      const length = Math.sqrt(gradients.reduce((total, of) => total + of.squaredNorm(row), 0));
      if (!Number.isFinite(length)) throw new WorkerError('TRAINING_DIVERGED', 'a gradient is not finite', { remedy: 'The study needs a smaller learning rate, or a feature lacks its scaling.' });
      const factor = clipFactor(length, norm / rows.length);
      clipped ||= factor < 1;
      for (const of of gradients) of.addTo(sum, row, factor);
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
