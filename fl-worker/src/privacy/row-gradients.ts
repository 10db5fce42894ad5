/**
 * Each row's own gradient of a stage, as far as clipping row by row needs it. A dense layer's is never made: its norm follows from
 * activations and deltas (Goodfellow 2015, arXiv 1510.01799; "ghost clipping"). A convolution's is made, because its filters are small.
 */
import { Convolution } from '../training/models/convolution.js';
import { Dense } from '../training/models/dense.js';
import { sizeOf, type Passed, type Stage } from '../training/models/stage.js';
import type { Tensor, Tf } from '../training/tf.js';

/** Gradients of a batch by the parameters of one stage. */
export interface RowGradients {
  /** Squared Euclidean norm of a row's gradient. */
  squaredNorm(row: number): number;
  /** Adds a row's gradient times a factor to the sum over all parameters. Sums are float64, because the bound on a sum is only as good as its rounding. */
  addTo(sum: Float64Array, row: number, factor: number): void;
}

const squares = (values: Float32Array, row: number, count: number): number => {
  let sum = 0;
  for (let k = row * count; k < (row + 1) * count; k++) sum += (values[k] as number) ** 2;
  return sum;
};

/** Of a dense layer whose kernel begins at a place in the parameter vector, its bias behind it. */
function ofDense({ inputs, outputs }: Dense, a: Float32Array, d: Float32Array, kernelAt: number): RowGradients {
  const biasAt = kernelAt + inputs * outputs;
  return {
    squaredNorm: (row) => squares(d, row, outputs) * (squares(a, row, inputs) + 1),
    addTo: (sum, row, factor) => {
      for (let out = 0; out < outputs; out++) {
        const delta = factor * (d[row * outputs + out] as number);
        sum[biasAt + out] = (sum[biasAt + out] as number) + delta;
        for (let k = 0; k < inputs; k++) sum[kernelAt + k * outputs + out] = (sum[kernelAt + k * outputs + out] as number) + delta * (a[row * inputs + k] as number);
      }
    },
  };
}

/** Of tensors that hold one gradient a row, one behind the other in the parameter vector. */
function ofTensors(tensors: readonly Float32Array[], rows: number, from: number): RowGradients {
  const widths = tensors.map((values) => values.length / rows);
  return {
    squaredNorm: (row) => tensors.reduce((sum, values, at) => sum + squares(values, row, widths[at] as number), 0),
    addTo: (sum, row, factor) => {
      let to = from;
      tensors.forEach((values, at) => {
        const width = widths[at] as number;
        for (let k = row * width; k < (row + 1) * width; k++, to++) sum[to] = (sum[to] as number) + factor * (values[k] as number);
      });
    },
  };
}

/** Row gradients of a batch, stage by stage; to be called inside `tidy`. @param deltas as `deltas` of training/model.ts gives them for a loss that is summed, not averaged. */
export function rowGradients(tf: Tf, stages: readonly Stage[], passed: readonly Passed[], deltas: readonly Tensor[], rows: number): RowGradients[] {
  let from = 0;
  return stages.flatMap((stage, at) => {
    const [here, delta, begin] = [passed[at] as Passed, deltas[at] as Tensor, from];
    from += stage.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
    if (stage instanceof Dense) return [ofDense(stage, here.input.dataSync<'float32'>(), delta.dataSync<'float32'>(), begin)];
    if (stage instanceof Convolution) return [ofTensors(stage.rowGradients(tf, here, delta).map((tensor) => tensor.dataSync<'float32'>()), rows, begin)];
    return [];
  });
}
