// The supplied gradients of convolutions against the definition in plain float64 arithmetic.
import { expect } from 'chai';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { seededRandom } from '../random.js';
import { loadTf } from './tf.js';

interface Case {
  readonly strides: [number, number];
  readonly pad: 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]];
  /** Zeros before the first row and column, as the definition of the padding has it. */
  readonly before: [number, number];
}

const [batch, height, width, channels, filters] = [2, 6, 7, 3, 4] as const;
const [kernelHeight, kernelWidth] = [3, 2] as const;
const cases: Case[] = [
  { strides: [1, 1], pad: 'valid', before: [0, 0] }, { strides: [1, 1], pad: 'same', before: [1, 0] },
  { strides: [2, 2], pad: 'valid', before: [0, 0] }, { strides: [2, 2], pad: 'same', before: [0, 0] },
  { strides: [2, 1], pad: 'valid', before: [0, 0] }, { strides: [2, 1], pad: 'same', before: [0, 0] },
  { strides: [1, 1], pad: [[0, 0], [2, 1], [1, 0], [0, 0]], before: [2, 1] },
  { strides: [2, 1], pad: [[0, 0], [1, 2], [0, 1], [0, 0]], before: [1, 0] },
  { strides: [1, 1], pad: [[0, 0], [4, 3], [2, 5], [0, 0]], before: [4, 2] },
];

/** Calls `visit` for every product that the convolution sums: flat places in x, filter and output. */
function forEachProduct([outHeight, outWidth]: [number, number], { strides, before }: Case, visit: (x: number, filter: number, out: number) => void): void {
  for (let n = 0; n < batch; n++) for (let row = 0; row < outHeight; row++) for (let column = 0; column < outWidth; column++)
    for (let i = 0; i < kernelHeight; i++) for (let j = 0; j < kernelWidth; j++) {
      const [y, x] = [row * strides[0] + i - before[0], column * strides[1] + j - before[1]];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      for (let c = 0; c < channels; c++) for (let f = 0; f < filters; f++)
        visit(((n * height + y) * width + x) * channels + c, ((i * kernelWidth + j) * channels + c) * filters + f, ((n * outHeight + row) * outWidth + column) * filters + f);
    }
}

describe('convolutions on the wasm backend', () => {
  for (const each of cases) {
    it(`have the gradients of the definition: strides ${each.strides.join(', ')}, padding ${JSON.stringify(each.pad)}`, async () => {
      const tf = await loadTf();
      const tensors = tf.memory().numTensors;
      const random = seededRandom('convolution', JSON.stringify(each));
      const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
      const [xs, ks] = [draw(batch * height * width * channels), draw(kernelHeight * kernelWidth * channels * filters)];
      const x = tf.tensor4d(xs, [batch, height, width, channels]);
      const filter = tf.tensor4d(ks, [kernelHeight, kernelWidth, channels, filters]);
      const out = tf.conv2d(x, filter, each.strides, each.pad);
      const dys = draw(out.size);
      const dy = tf.tensor4d(dys, out.shape);
      const attrs = { strides: each.strides, pad: each.pad, dataFormat: 'NHWC', dimRoundingMode: undefined };
      const byFilter = tf.engine().runKernel<Tensor4D>('Conv2DBackpropFilter', { x, dy }, { ...attrs, filterShape: filter.shape } as never);
      const byInput = tf.engine().runKernel<Tensor4D>('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: x.shape } as never);
      const [forward, ofFilter, ofInput] = [new Float64Array(out.size), new Float64Array(ks.length), new Float64Array(xs.length)];
      forEachProduct([out.shape[1], out.shape[2]], each, (a, k, o) => {
        forward[o]! += xs[a]! * ks[k]!;
        ofFilter[k]! += xs[a]! * dys[o]!;
        ofInput[a]! += ks[k]! * dys[o]!;
      });
      for (const [found, wanted] of [[out, forward], [byFilter, ofFilter], [byInput, ofInput]] as const) {
        const values = await found.data();
        expect(values.length).to.equal(wanted.length);
        wanted.forEach((value, at) => expect(values[at]).to.be.closeTo(value, 2e-5));
      }
      tf.dispose([x, filter, out, dy, byFilter, byInput]);
      expect(tf.memory().numTensors).to.equal(tensors);
    });
  }

  it('refuse another order of dimensions than NHWC', async () => {
    const tf = await loadTf();
    tf.tidy(() => {
      const [x, dy] = [tf.zeros([1, 2, 2, 1]), tf.zeros([1, 1, 1, 1])];
      const call = (): unknown => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { strides: 1, pad: 'valid', dataFormat: 'NCHW', filterShape: [2, 2, 1, 1] });
      expect(call).to.throw('NCHW');
    });
  });
});
