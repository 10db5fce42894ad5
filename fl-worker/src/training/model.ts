/** Models of a study: a chain of dense layers with ReLU between them and one logit at the end; `logistic` is the chain of one. */
import { tensorSize, type Study } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import type { Tensor1D, Tensor2D, Tf } from './tf.js';

type Model = Study['model'];

/** One dense layer: where its kernel (inputs × outputs) and then its bias lie in the parameter vector. */
export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernelAt: number;
  readonly biasAt: number;
}

/**
 * The model part of a study for so many inputs: kernel and bias of each layer, in the order of computation.
 * @param local names of tensors that stay at each hospital.
 * @throws WorkerError STUDY_INVALID for a local name that no tensor has.
 */
export function describeModel(kind: Model['kind'], inputs: number, layers: readonly number[], initial: Model['initial'], local: readonly string[] = []): Model {
  const widths = [inputs, ...layers, 1];
  const tensors = widths.slice(1).flatMap((outputs, at) => [
    { name: `dense${at + 1}.kernel`, shape: [widths[at] ?? 0, outputs] },
    { name: `dense${at + 1}.bias`, shape: [outputs] },
  ]).map((tensor) => (local.includes(tensor.name) ? { ...tensor, local: true as const } : tensor));
  const unknown = local.filter((name) => !tensors.some((tensor) => tensor.name === name));
  if (unknown.length > 0) throw new WorkerError('STUDY_INVALID', `study.model.local: there is no tensor ${unknown.join(', ')}; there are ${tensors.map(({ name }) => name).join(', ')}`);
  const dimension = tensors.filter((tensor) => !('local' in tensor)).reduce((sum, tensor) => sum + tensorSize(tensor), 0);
  return { kind, layers: [...layers], tensors, dimension, initial };
}

/**
 * The layers of a study's model, checked against its tensor list.
 * @throws WorkerError DATA_INVALID when the tensors are not the chain that kind, layers and inputs describe.
 */
export function layersOf(model: Model, inputs: number): Layer[] {
  const expected = describeModel(model.kind, inputs, model.layers, model.initial);
  const shapes = (of: Model): string => of.tensors.map(({ shape }) => shape.join('×')).join(', ');
  if (shapes(expected) !== shapes(model)) {
    throw new WorkerError('DATA_INVALID', `the study's tensors are ${shapes(model)}, but ${inputs} inputs and its layers make ${shapes(expected)}`);
  }
  const widths = [inputs, ...model.layers, 1];
  let at = 0;
  return widths.slice(1).map((outputs, index) => {
    const width = widths[index] ?? 0;
    const kernelAt = at;
    const biasAt = kernelAt + width * outputs;
    at = biasAt + outputs;
    return { inputs: width, outputs, kernelAt, biasAt };
  });
}

/** All parameters of a model, those that stay local too. */
export const parameterCount = ({ tensors }: Model): number => tensors.reduce((sum, tensor) => sum + tensorSize(tensor), 0);

/** Starting parameters drawn from a seed (Glorot and Bengio 2010, uniform), for models that cannot learn from zeros. */
export function initialParameters(model: Model, inputs: number, seed: string): Float32Array {
  const random = seededRandom('initial', seed);
  const parameters = new Float32Array(parameterCount(model));
  for (const { inputs: n, outputs, kernelAt, biasAt } of layersOf(model, inputs)) {
    const limit = Math.sqrt(6 / (n + outputs));
    for (let k = kernelAt; k < biasAt; k++) parameters[k] = (2 * random.uniform() - 1) * limit;
  }
  return parameters;
}

/** A kernel and a bias as tensors; also the form of their gradients. (A type, because `tidy` takes no interface.) */
export type Weights = { readonly kernel: Tensor2D; readonly bias: Tensor1D };

/** Parameters as tensors; the caller disposes of them. */
export function toWeights(tf: Tf, parameters: Float32Array, layers: readonly Layer[]): Weights[] {
  return layers.map(({ inputs, outputs, kernelAt, biasAt }) => ({
    kernel: tf.tensor2d(parameters.slice(kernelAt, biasAt), [inputs, outputs]),
    bias: tf.tensor1d(parameters.slice(biasAt, biasAt + outputs)),
  }));
}

/** Frees weights that the caller owns. */
export const disposeWeights = (tf: Tf, weights: readonly Weights[]): void => {
  tf.dispose(weights.flatMap(({ kernel, bias }) => [kernel, bias]));
};

/** What each layer takes in (rows × inputs), then the logits (rows × 1) as the last entry. */
export function forward(tf: Tf, weights: readonly Weights[], inputs: Tensor2D): Tensor2D[] {
  const activations = [inputs];
  weights.forEach(({ kernel, bias }, at) => {
    const z = tf.add<Tensor2D>(tf.matMul(activations[at] as Tensor2D, kernel), bias);
    activations.push(at < weights.length - 1 ? tf.relu(z) : z);
  });
  return activations;
}

/**
 * What each row's loss says of each layer's output (rows × outputs), the last layer's too: the deltas of back-propagation. Written out because
 * TensorFlow.js ships its automatic gradients only in a form that Node cannot load, and because a delta per row is what clipping row by row needs.
 * @param activations from `forward`.
 * @param labels rows × 1, 0 or 1.
 * @param divisor number of rows for the gradient of a mean, 1 for each row's own.
 */
export function deltas(tf: Tf, weights: readonly Weights[], activations: readonly Tensor2D[], labels: Tensor2D, divisor: number): Tensor2D[] {
  let delta = tf.div<Tensor2D>(tf.sub(tf.sigmoid(activations[weights.length] as Tensor2D), labels), divisor);
  const found = [delta];
  for (let at = weights.length - 1; at > 0; at--) {
    delta = tf.mul(tf.matMul(delta, (weights[at] as Weights).kernel, false, true), tf.step(activations[at] as Tensor2D));
    found.unshift(delta);
  }
  return found;
}

/** Gradients of the mean binary cross-entropy, layer by layer. @param labels rows × 1, 0 or 1. */
export function gradients(tf: Tf, weights: readonly Weights[], inputs: Tensor2D, labels: Tensor2D): Weights[] {
  const activations = forward(tf, weights, inputs);
  return deltas(tf, weights, activations, labels, inputs.shape[0]).map((delta, at) => ({ kernel: tf.matMul(activations[at] as Tensor2D, delta, true), bias: tf.sum(delta, 0) }));
}
