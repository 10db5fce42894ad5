/** Local training: mini-batch gradient descent in an order that the seed fixes, so that the same rows give the same bytes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Study } from '@epione/protocol';
import { selectRows, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { shuffled, type SeededRandom } from '../random.js';
import { adversaryOf, mislead } from './adversary.js';
import { Bend } from './bend.js';
import { forward, gradients, inputsOf, layersOf, parameterCount, scoresOf, toWeights, type Weights } from './model.js';
import { probability, softmax } from './models/cross-entropy.js';
import type { Stage } from './models/stage.js';
import type { Tensor, Tf } from './tf.js';

/** The parts of a study that training reads. */
export type Recipe = Pick<Study, 'model' | 'training'>;

/** One step of gradient descent; returns the new weights and frees the old ones. */
function step(tf: Tf, { model, training }: Recipe, stages: readonly Stage[], weights: Weights, batch: Dataset, bend: Bend): Weights {
  const next = tf.tidy(() => {
    const grads = bend.apply(weights, gradients(tf, model, stages, weights, batch));
    return weights.map((tensors, stage) => tensors.map((tensor, at) => tf.sub<Tensor>(tensor, tf.mul(grads[stage]?.[at] as Tensor, Number(training.learningRate)))));
  });
  tf.dispose(weights.flat());
  return next;
}

/** What a training may be told besides the study. */
export interface TrainOptions {
  /** SCAFFOLD's correction c − c_i, added to every gradient. */
  readonly drift?: Float32Array;
  /** Told after every pass over the rows (1 to localEpochs). */
  readonly onEpoch?: ((epoch: number) => void) | undefined;
}

/**
 * Trains from the base model on the given rows and returns the local parameters (float32, the study's tensor order; both with the tensors that stay local).
 * @param random fixes the order of rows; one stream a (study, round, participant).
 * @throws WorkerError DATA_MISSING without rows, TRAINING_DIVERGED when a parameter is not finite.
 */
export async function train(tf: Tf, recipe: Recipe, base: Float32Array, data: Dataset, random: SeededRandom, { drift, onEpoch }: TrainOptions = {}): Promise<Float32Array> {
  if (data.rows === 0) throw new WorkerError('DATA_MISSING', 'there are no rows to train on');
  const { localEpochs, batchSize } = recipe.training;
  const rows = Array.from({ length: data.rows }, (_, row) => row);
  const stages = layersOf(recipe.model, data.width);
  const { adversarial } = recipe.training;
  const seen = (batch: Dataset): Dataset => (adversarial === undefined ? batch : mislead(tf, recipe.model, stages, weights, batch, adversaryOf(adversarial), () => random.uniform()));
  using bend = new Bend(tf, recipe.training, stages, base, drift);
  let weights = toWeights(tf, base, stages);
  try {
    for (let epoch = 1; epoch <= localEpochs; epoch++) {
      const order = shuffled(rows, random);
      for (let at = 0; at < order.length; at += batchSize) weights = step(tf, recipe, stages, weights, seen(selectRows(data, order.slice(at, at + batchSize))), bend);
      onEpoch?.(epoch);
      await nextTurn(); // lets the blob server and timers run between passes
    }
    return await readBack(weights, parameterCount(recipe.model));
  } finally {
    tf.dispose(weights.flat());
  }
}

async function readBack(weights: Weights, dimension: number): Promise<Float32Array> {
  const parameters = new Float32Array(dimension);
  let at = 0;
  for (const tensor of weights.flat()) {
    const values = await tensor.data<'float32'>();
    parameters.set(values, at);
    at += values.length;
  }
  if (!parameters.every(Number.isFinite)) {
    throw new WorkerError('TRAINING_DIVERGED', 'training gave a parameter that is not finite', { remedy: 'The study needs a smaller learning rate, or a feature lacks its scaling.' });
  }
  return parameters;
}

/** What the model says of every row: the probability of label 1, 0 to 1, or of each category in turn; of a Cox model the logarithm of the hazard's ratio. */
export async function predict(tf: Tf, { model }: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset): Promise<Float64Array> {
  const stages = layersOf(model, data.width);
  const scores = tf.tidy(() => scoresOf(forward(tf, stages, toWeights(tf, parameters, stages), inputsOf(tf, model, data))));
  const values = await scores.data();
  scores.dispose();
  if (model.outputs !== undefined) return softmax(values, model.outputs);
  return Float64Array.from(values, (score) => (model.kind === 'cox' ? score : probability(score)));
}
