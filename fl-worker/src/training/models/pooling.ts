/** Max pooling over windows that do not overlap; rows and columns beyond the last whole window are dropped. */
import type { Tensor, Tensor4D, Tf } from '../tf.js';
import type { Image } from './convolution.js';
import type { Passed, Stage } from './stage.js';

export class Pooling implements Stage {
  readonly parameters = [];
  readonly outputShape: Image;
  readonly #size: [number, number];

  constructor([height, width, channels]: Image, [down, right]: readonly [number, number]) {
    this.#size = [down, right];
    this.outputShape = [Math.floor(height / down), Math.floor(width / right), channels];
  }

  forward(tf: Tf, _: readonly Tensor[], input: Tensor): Tensor {
    return tf.maxPool(input as Tensor4D, this.#size, this.#size, 'valid');
  }

  delta(_: Tf, __: Passed, slope: Tensor): Tensor {
    return slope;
  }

  gradients(): Tensor[] {
    return [];
  }

  slopeBefore(tf: Tf, _: readonly Tensor[], { input, output }: Passed, delta: Tensor): Tensor {
    return tf.engine().runKernel<Tensor>('MaxPoolGrad', { dy: delta, input, output }, { filterSize: this.#size, strides: this.#size, pad: 'valid', dimRoundingMode: undefined } as never);
  }
}
