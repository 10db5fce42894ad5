/**
 * Inputs made to mislead a model, within epsilon of a row in every input: the fast gradient sign (Goodfellow, Shlens and Szegedy 2015, https://arxiv.org/abs/1412.6572)
 * and projected gradient descent (Madry et al. 2018, https://arxiv.org/abs/1706.06083). Trained on, they harden the model that they were made against.
 */
import type { Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { inputSlope, type ModelForm, type Weights } from './model.js';
import type { Stage } from './models/stage.js';
import type { Tf } from './tf.js';

/** How far and in which steps inputs are moved, in units of scaled inputs. */
export interface Adversary {
  /** Most that one input is moved. */
  readonly epsilon: number;
  readonly steps: number;
  readonly stepSize: number;
  /** What an input cannot be below or above, such as black and white. */
  readonly lowest?: number;
  readonly highest?: number;
}

/** One step of the whole length. */
export const fastGradientSign = ({ epsilon, lowest = -Infinity, highest = Infinity }: Pick<Adversary, 'epsilon' | 'lowest' | 'highest'>): Adversary => ({ epsilon, steps: 1, stepSize: epsilon, lowest, highest });

/** The adversary that a study trains against. */
export const adversaryOf = ({ epsilon, steps, stepSize, lowest, highest }: NonNullable<Study['training']['adversarial']>): Adversary =>
  ({ epsilon: Number(epsilon), steps, stepSize: Number(stepSize), lowest: Number(lowest ?? '-Infinity'), highest: Number(highest ?? 'Infinity') });

/**
 * The rows moved so that the model's loss on them grows; each depends on itself and the model only.
 * @param start uniform in [0, 1), for a start anywhere within epsilon; from the row itself without it.
 */
export function mislead(tf: Tf, model: ModelForm, stages: readonly Stage[], weights: Weights, batch: Dataset, adversary: Adversary, start?: () => number): Dataset {
  const { epsilon, steps, stepSize, lowest = -Infinity, highest = Infinity } = adversary;
  const within = (value: number, k: number): number => {
    const row = batch.features[k] as number;
    return Math.min(Math.max(value, row - epsilon, lowest), row + epsilon, highest);
  };
  let features = start === undefined ? batch.features : batch.features.map((value, k) => within(value + epsilon * (2 * start() - 1), k));
  for (let step = 0; step < steps; step++) {
    const here = { ...batch, features };
    const slope = tf.tidy(() => inputSlope(tf, model, stages, weights, here).dataSync<'float32'>());
    features = features.map((value, k) => within(value + stepSize * Math.sign(slope[k] as number), k));
  }
  return { ...batch, features };
}
