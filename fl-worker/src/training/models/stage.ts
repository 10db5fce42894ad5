/** One stage of a network: what every kind of layer can do. Shapes leave out the rows. */
import type { Tensor, Tf } from '../tf.js';

/** A tensor of parameters. */
export interface Parameters {
  readonly name: string;
  readonly shape: readonly number[];
  /** Inputs and outputs of one of its neurons together, which start values are drawn for; absent where they are zeros. */
  readonly fans?: number;
}

/** What went into a stage and what came out. */
export interface Passed {
  readonly input: Tensor;
  readonly output: Tensor;
}

/**
 * A stage. Gradients are written out because TensorFlow.js ships its automatic ones only in a form that Node cannot load, and because
 * clipping row by row needs each row's delta. `delta` is the loss's gradient before the stage's activation, `slope` after it. All run inside `tidy`.
 */
export interface Stage {
  readonly parameters: readonly Parameters[];
  readonly outputShape: readonly number[];
  forward(tf: Tf, weights: readonly Tensor[], input: Tensor): Tensor;
  delta(tf: Tf, passed: Passed, slope: Tensor): Tensor;
  /** One a tensor of parameters, summed over the rows. */
  gradients(tf: Tf, passed: Passed, delta: Tensor): Tensor[];
  /** The loss's gradient after the stage before. */
  slopeBefore(tf: Tf, weights: readonly Tensor[], passed: Passed, delta: Tensor): Tensor;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, width) => product * width, 1);
