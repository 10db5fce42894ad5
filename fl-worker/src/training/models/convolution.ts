/** A convolution with ReLU after it, over height × width × channels; a signal is an image of height 1. */
import type { Tensor, Tensor4D, Tf } from '../tf.js';
import type { Parameters, Passed, Stage } from './stage.js';

export type Image = readonly [height: number, width: number, channels: number];

export interface ConvolutionForm {
  readonly filters: number;
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

const reached = (length: number, size: number, stride: number, padding: 'same' | 'valid'): number =>
  padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - size) / stride) + 1;

export class Convolution implements Stage {
  readonly parameters: readonly Parameters[];
  readonly outputShape: Image;
  readonly #form: ConvolutionForm;
  readonly #filterShape: [number, number, number, number];

  constructor(name: string, [height, width, channels]: Image, form: ConvolutionForm) {
    const { filters, size: [down, right], stride, padding } = form;
    this.#form = form;
    this.#filterShape = [down, right, channels, filters];
    this.outputShape = [reached(height, down, stride[0], padding), reached(width, right, stride[1], padding), filters];
    this.parameters = [{ name: `${name}.kernel`, shape: this.#filterShape, fans: down * right * (channels + filters) }, { name: `${name}.bias`, shape: [filters] }];
  }

  forward(tf: Tf, [filter, bias]: readonly Tensor[], input: Tensor): Tensor {
    const { stride, padding } = this.#form;
    return tf.relu(tf.add(tf.conv2d(input as Tensor4D, filter as Tensor4D, [...stride], padding), bias as Tensor));
  }

  delta(tf: Tf, { output }: Passed, slope: Tensor): Tensor {
    return tf.mul(slope, tf.step(output));
  }

  gradients(tf: Tf, { input }: Passed, delta: Tensor): Tensor[] {
    return [this.#run(tf, 'Conv2DBackpropFilter', { x: input, dy: delta }, { filterShape: this.#filterShape }), tf.sum(delta, [0, 1, 2])];
  }

  /** The same for each row by itself: kernel (rows × its elements) and bias (rows × filters). */
  rowGradients(tf: Tf, { input }: Passed, delta: Tensor): Tensor[] {
    const [down, right, channels, filters] = this.#filterShape;
    const size = down * right * channels;
    // A convolution with one filter a place lays out what stands under the window, edges and strides as in `forward`.
    const places: Tensor4D = tf.reshape(tf.eye(size), [down, right, channels, size]);
    const { stride, padding } = this.#form;
    const under = tf.conv2d(input as Tensor4D, places, [...stride], padding);
    const [rows] = input.shape as [number];
    const kernel = tf.matMul(tf.reshape(under, [rows, -1, size]), tf.reshape(delta, [rows, -1, filters]), true);
    return [tf.reshape(kernel, [rows, -1]), tf.sum(delta, [1, 2])];
  }

  slopeBefore(tf: Tf, [filter]: readonly Tensor[], { input }: Passed, delta: Tensor): Tensor {
    return this.#run(tf, 'Conv2DBackpropInput', { dy: delta, filter: filter as Tensor }, { inputShape: input.shape });
  }

  #run(tf: Tf, kernel: string, inputs: Record<string, Tensor>, shape: Record<string, readonly number[]>): Tensor {
    const { stride, padding } = this.#form;
    return tf.engine().runKernel<Tensor>(kernel, inputs, { strides: [...stride], pad: padding, dataFormat: 'NHWC', dimRoundingMode: undefined, ...shape } as never);
  }
}
