/** Gradients of convolutions for the wasm backend, written as convolutions: it ships none for the filter, and a slow one for the input. */
import type * as core from '@tensorflow/tfjs-core';
import type { Tensor4D } from '@tensorflow/tfjs-core';

type Core = typeof core;

type Pair = readonly [number, number];
type Padding = 'valid' | 'same' | number | readonly (readonly [number, number])[];

/** What both kernels are called with; tensors are NHWC, filters height × width × in × out. */
interface Call {
  readonly inputs: { readonly x?: Tensor4D; readonly filter?: Tensor4D; readonly dy: Tensor4D };
  readonly attrs: {
    readonly strides: number | Pair;
    readonly pad: Padding;
    readonly dataFormat?: string;
    readonly filterShape?: [number, number, number, number];
    readonly inputShape?: [number, number, number, number];
  };
}

/** Rows and columns of zeros around an image: [before, after] of each. */
function paddingOf(pad: Padding, [height, width]: Pair, [outHeight, outWidth]: Pair, [kernelHeight, kernelWidth]: Pair, [down, right]: Pair): [Pair, Pair] {
  if (pad === 'valid') return [[0, 0], [0, 0]];
  if (typeof pad === 'number') return [[pad, pad], [pad, pad]];
  if (pad !== 'same') return [pad[1] as Pair, pad[2] as Pair];
  const share = (total: number): Pair => [Math.floor(total / 2), total - Math.floor(total / 2)];
  return [share(Math.max((outHeight - 1) * down + kernelHeight - height, 0)), share(Math.max((outWidth - 1) * right + kernelWidth - width, 0))];
}

const pairOf = (strides: number | Pair): Pair => (typeof strides === 'number' ? [strides, strides] : strides);

function assertNhwc(dataFormat: string | undefined): void {
  if (dataFormat !== undefined && dataFormat !== 'NHWC') throw new Error(`convolutions are NHWC here, not ${dataFormat}`);
}

/**
 * Gradient of the filter: the padded inputs are convolved with the output's gradient, rows of the batch taking the place of channels
 * and strides that of dilations. Rows and columns that no stride reached are cut off.
 */
function filterGradient(tf: Core, { inputs: { x, dy }, attrs: { strides, pad, dataFormat, filterShape } }: Call): Tensor4D {
  assertNhwc(dataFormat);
  return tf.tidy(() => {
    const [, height, width] = (x as Tensor4D).shape;
    const [, outHeight, outWidth] = dy.shape;
    const [kernelHeight, kernelWidth, channels, filters] = filterShape as [number, number, number, number];
    const [down, right] = pairOf(strides);
    const [rows, columns] = paddingOf(pad, [height, width], [outHeight, outWidth], [kernelHeight, kernelWidth], [down, right]);
    const padded = tf.pad(x as Tensor4D, [[0, 0], [...rows], [...columns], [0, 0]]);
    const found = tf.conv2d<Tensor4D>(tf.transpose(padded, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid', 'NHWC', [down, right]);
    return tf.transpose(tf.slice(found, [0, 0, 0, 0], [channels, kernelHeight, kernelWidth, filters]), [1, 2, 0, 3]);
  });
}

/** Gradient of the input where the stride is 1: the padded gradient of the output is convolved with the filter turned by half a circle. */
function inputGradient(tf: Core, { inputs: { filter, dy }, attrs: { pad, inputShape } }: Call): Tensor4D {
  return tf.tidy(() => {
    const [, height, width] = inputShape as [number, number, number, number];
    const [, outHeight, outWidth] = dy.shape;
    const [kernelHeight, kernelWidth] = (filter as Tensor4D).shape;
    const [[top], [left]] = paddingOf(pad, [height, width], [outHeight, outWidth], [kernelHeight, kernelWidth], [1, 1]);
    const rows: [number, number] = [kernelHeight - 1 - top, height + top - outHeight];
    const columns: [number, number] = [kernelWidth - 1 - left, width + left - outWidth];
    const turned = tf.transpose(tf.reverse(filter as Tensor4D, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d<Tensor4D>(tf.pad(dy, [[0, 0], rows, columns, [0, 0]]), turned, 1, 'valid');
  });
}

/** Whether padding is no wider than the filter, so that no row or column of the gradient's own has to be cut off. */
const turnable = ({ inputs: { filter }, attrs: { strides, pad, dataFormat } }: Call): boolean => {
  const [kernelHeight, kernelWidth] = (filter as Tensor4D).shape;
  const least = Math.min(kernelHeight, kernelWidth);
  const [down, right] = pairOf(strides);
  const narrow = typeof pad === 'string' || (typeof pad === 'number' ? pad < least : pad.flat().every((zeros) => zeros < least));
  return down === 1 && right === 1 && narrow && (dataFormat === undefined || dataFormat === 'NHWC');
};

/** Registers both with the wasm backend; to be called once, after its own kernels are there. */
export function registerWasmConvolutions(tf: Core): void {
  const take = (kernel: (tf: Core, call: Call) => Tensor4D): core.KernelFunc => (call) => kernel(tf, call as unknown as Call);
  tf.registerKernel({ kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: take(filterGradient) });
  const shipped = tf.getKernel('Conv2DBackpropInput', 'wasm').kernelFunc;
  tf.unregisterKernel('Conv2DBackpropInput', 'wasm');
  tf.registerKernel({
    kernelName: 'Conv2DBackpropInput', backendName: 'wasm',
    kernelFunc: (call) => (turnable(call as unknown as Call) ? inputGradient(tf, call as unknown as Call) : shipped(call)),
  });
}
