/** A dense layer, with ReLU after it unless it is the last; whatever shape comes in is taken as a row of numbers. */
import type { Tensor, Tensor2D, Tf } from '../tf.js';
import type { Parameters, Passed, Stage } from './stage.js';

const flat = (tf: Tf, input: Tensor): Tensor2D => tf.reshape(input, [input.shape[0], -1]);

/** What a dense layer is. */
export interface DenseForm {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  /** ReLU, which every layer but the last has. */
  readonly bends: boolean;
  readonly hasBias: boolean;
}

export class Dense implements Stage {
  readonly inputs: number;
  readonly outputs: number;
  readonly parameters: readonly Parameters[];
  readonly outputShape: readonly number[];
  readonly #bends: boolean;

  constructor({ name, inputs, outputs, bends, hasBias }: DenseForm) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.outputShape = [outputs];
    this.#bends = bends;
    const kernel = { name: `${name}.kernel`, shape: [inputs, outputs], fans: inputs + outputs };
    this.parameters = hasBias ? [kernel, { name: `${name}.bias`, shape: [outputs] }] : [kernel];
  }

  forward(tf: Tf, [kernel, bias]: readonly Tensor[], input: Tensor): Tensor {
    const product = tf.matMul(flat(tf, input), kernel as Tensor2D);
    const sum = bias === undefined ? product : tf.add(product, bias);
    return this.#bends ? tf.relu(sum) : sum;
  }

  delta(tf: Tf, { output }: Passed, slope: Tensor): Tensor {
    return this.#bends ? tf.mul(slope, tf.step(output)) : slope;
  }

  gradients(tf: Tf, { input }: Passed, delta: Tensor): Tensor[] {
    const kernel = tf.matMul(flat(tf, input), delta, true);
    return this.parameters.length === 1 ? [kernel] : [kernel, tf.sum(delta, 0)];
  }

  slopeBefore(tf: Tf, [kernel]: readonly Tensor[], { input }: Passed, delta: Tensor): Tensor {
    return tf.reshape(tf.matMul(delta as Tensor2D, kernel as Tensor2D, false, true), input.shape);
  }
}
