/** Local training: mini-batch gradient descent in an order that the seed fixes, so that the same rows give the same bytes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Study } from '@epione/protocol';
import { selectRows, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { shuffled, type SeededRandom } from '../random.js';
import { Bend } from './bend.js';
import { disposeWeights, forward, gradients, layersOf, parameterCount, toWeights, type Weights } from './model.js';
import type { Tensor1D, Tensor2D, Tf } from './tf.js';

/** The parts of a study that training reads. */
export type Recipe = Pick<Study, 'model' | 'training'>;

function batch(tf: Tf, data: Dataset, order: readonly number[]): { inputs: Tensor2D; labels: Tensor2D } {
  const { features, labels } = selectRows(data, order);
  return { inputs: tf.tensor2d(features, [order.length, data.width]), labels: tf.tensor2d(labels, [order.length, 1]) };
}

/** One step of gradient descent; returns the new weights and frees the old ones. */
function step(tf: Tf, weights: readonly Weights[], data: Dataset, order: readonly number[], rate: number, bend: Bend): Weights[] {
  const next = tf.tidy(() => {
    const { inputs, labels } = batch(tf, data, order);
    const grads = bend.apply(weights, gradients(tf, weights, inputs, labels));
    return weights.map(({ kernel, bias }, at) => {
      const grad = grads[at] as Weights;
      return { kernel: tf.sub<Tensor2D>(kernel, tf.mul(grad.kernel, rate)), bias: tf.sub<Tensor1D>(bias, tf.mul(grad.bias, rate)) };
    });
  });
  disposeWeights(tf, weights);
  return next;
}

/** What a training may be told besides the study. */
export interface TrainOptions {
  /** SCAFFOLD's correction c − c_i, added to every gradient. */
  readonly drift?: Float32Array;
  /** Told after every pass over the rows (1 to localEpochs). */
  readonly onEpoch?: (epoch: number) => void;
}

/**
 * Trains from the base model on the given rows and returns the local parameters (float32, the study's tensor order; both with the tensors that stay local).
 * @param random fixes the order of rows; one stream a (study, round, participant).
 * @throws WorkerError DATA_MISSING without rows, TRAINING_DIVERGED when a parameter is not finite.
 */
export async function train(tf: Tf, recipe: Recipe, base: Float32Array, data: Dataset, random: SeededRandom, { drift, onEpoch }: TrainOptions = {}): Promise<Float32Array> {
  if (data.rows === 0) throw new WorkerError('DATA_MISSING', 'there are no rows to train on');
  const { localEpochs, batchSize, learningRate } = recipe.training;
  const rows = Array.from({ length: data.rows }, (_, row) => row);
  using bend = new Bend(tf, recipe, data.width, base, drift);
  let weights = toWeights(tf, base, layersOf(recipe.model, data.width));
  try {
    for (let epoch = 1; epoch <= localEpochs; epoch++) {
      const order = shuffled(rows, random);
      for (let at = 0; at < order.length; at += batchSize) weights = step(tf, weights, data, order.slice(at, at + batchSize), Number(learningRate), bend);
      onEpoch?.(epoch);
      await nextTurn(); // lets the blob server and timers run between passes
    }
    return await readBack(weights, parameterCount(recipe.model));
  } finally {
    disposeWeights(tf, weights);
  }
}

async function readBack(weights: readonly Weights[], dimension: number): Promise<Float32Array> {
  const parameters = new Float32Array(dimension);
  let at = 0;
  for (const tensor of weights.flatMap(({ kernel, bias }) => [kernel, bias])) {
    const values = await tensor.data<'float32'>();
    parameters.set(values, at);
    at += values.length;
  }
  if (!parameters.every(Number.isFinite)) {
    throw new WorkerError('TRAINING_DIVERGED', 'training gave a parameter that is not finite', { remedy: 'The study needs a smaller learning rate, or a feature lacks its scaling.' });
  }
  return parameters;
}

/** The model's probability of label 1 for every row, 0 to 1. */
export async function predict(tf: Tf, recipe: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset): Promise<Float64Array> {
  const weights = toWeights(tf, parameters, layersOf(recipe.model, data.width));
  const logits = tf.tidy(() => forward(tf, weights, tf.tensor2d(data.features, [data.rows, data.width]))[weights.length] as Tensor2D);
  const values = await logits.data();
  logits.dispose();
  disposeWeights(tf, weights);
  return Float64Array.from(values, (logit) => 1 / (1 + Math.exp(-logit)));
}
