/** Models of a study: a chain of stages that ends in one score a row, or one a category, and what scores are held against. */
import { tensorSize, type Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import { Convolution, type Image } from './models/convolution.js';
import { coxLoss } from './models/cox.js';
import { crossEntropySlope, softmaxSlope } from './models/cross-entropy.js';
import { Dense } from './models/dense.js';
import { Pooling } from './models/pooling.js';
import { sizeOf, type Passed, type Stage } from './models/stage.js';
import type { Tensor, Tensor2D, Tf } from './tf.js';

type Model = Study['model'];
/** What makes a model of a number of inputs. */
export type ModelForm = Pick<Model, 'kind' | 'layers' | 'input' | 'outputs'>;

/** Height, width and channels that a model takes its inputs as; undefined where they are no image. */
const imageOf = ({ input }: ModelForm): Image | undefined =>
  input === undefined ? undefined : ([...Array<number>(3 - input.length).fill(1), ...input] as unknown as Image);

/** Height and width of a study's window; a signal's has one number. */
const windowOf = (size: readonly number[]): [number, number] => [size.length === 2 ? (size[0] as number) : 1, size.at(-1) as number];

/** @throws WorkerError STUDY_INVALID when no stages can be made so. */
function stagesFor(form: ModelForm, inputs: number): Stage[] {
  const image = imageOf(form);
  if (image !== undefined && sizeOf(image) !== inputs) throw new WorkerError('STUDY_INVALID', `study.model.input: takes ${sizeOf(image)} inputs, the features are ${inputs}`);
  const stages: Stage[] = [];
  const named = { conv: 0, dense: 0 };
  const push = (stage: Stage): void => {
    if (stage.outputShape.some((width) => width < 1)) throw new WorkerError('STUDY_INVALID', `study.model.layers.${stages.length}: is larger than what comes in`);
    stages.push(stage);
  };
  const shape = (): readonly number[] => stages.at(-1)?.outputShape ?? image ?? [inputs];
  const dense = (outputs: number, bends: boolean, hasBias: boolean): void => { push(new Dense({ name: `dense${++named.dense}`, inputs: sizeOf(shape()), outputs, bends, hasBias })); };
  for (const layer of form.layers) {
    if (typeof layer === 'number') dense(layer, true, true);
    else if ('conv' in layer) push(new Convolution(`conv${++named.conv}`, shape() as Image, { filters: layer.conv, size: windowOf(layer.size), stride: windowOf(layer.stride), padding: layer.padding }));
    else push(new Pooling(shape() as Image, windowOf(layer.size)));
  }
  dense(form.outputs ?? 1, false, form.kind !== 'cox'); // a hazard's ratio has no intercept
  return stages;
}

/**
 * The model part of a study for so many inputs: the tensors of each stage, in the order of computation.
 * @param local names of tensors that stay at each hospital.
 * @throws WorkerError STUDY_INVALID for a local name that no tensor has, or layers that do not fit.
 */
export function describeModel(form: ModelForm, inputs: number, initial: Model['initial'], local: readonly string[] = []): Model {
  const tensors = stagesFor(form, inputs).flatMap(({ parameters }) => parameters.map(({ name, shape }) => ({ name, shape: [...shape], ...(local.includes(name) ? { local: true as const } : {}) })));
  const unknown = local.filter((name) => !tensors.some((tensor) => tensor.name === name));
  if (unknown.length > 0) throw new WorkerError('STUDY_INVALID', `study.model.local: there is no tensor ${unknown.join(', ')}; there are ${tensors.map(({ name }) => name).join(', ')}`);
  const dimension = tensors.filter((tensor) => tensor.local !== true).reduce((sum, tensor) => sum + tensorSize(tensor), 0);
  return { kind: form.kind, layers: [...form.layers], ...(form.input === undefined ? {} : { input: [...form.input] }), ...(form.outputs === undefined ? {} : { outputs: form.outputs }), tensors, dimension, initial };
}

/**
 * The stages of a study's model, checked against its tensor list.
 * @throws WorkerError DATA_INVALID when the tensors are not those that kind, layers and inputs describe.
 */
export function layersOf(model: Model, inputs: number): Stage[] {
  const stages = stagesFor(model, inputs);
  const shapes = (of: readonly { readonly shape: readonly number[] }[]): string => of.map(({ shape }) => shape.join('×')).join(', ');
  const expected = shapes(stages.flatMap(({ parameters }) => parameters));
  if (expected !== shapes(model.tensors)) throw new WorkerError('DATA_INVALID', `the study's tensors are ${shapes(model.tensors)}, but ${inputs} inputs and its layers make ${expected}`);
  return stages;
}

/** All parameters of a model, those that stay local too. */
export const parameterCount = ({ tensors }: Model): number => tensors.reduce((sum, tensor) => sum + tensorSize(tensor), 0);

/** Starting parameters drawn from a seed (Glorot and Bengio 2010, uniform), for models that cannot learn from zeros. */
export function initialParameters(model: Model, inputs: number, seed: string): Float32Array {
  const random = seededRandom('initial', seed);
  return Float32Array.from(layersOf(model, inputs).flatMap(({ parameters }) => parameters.flatMap(({ shape, fans }) => {
    if (fans === undefined) return Array<number>(sizeOf(shape)).fill(0);
    const limit = Math.sqrt(6 / fans);
    return Array.from({ length: sizeOf(shape) }, () => (2 * random.uniform() - 1) * limit);
  })));
}

/** The tensors of each stage; also the form of their gradients. (A type, because `tidy` takes no interface.) */
export type Weights = Tensor[][];

/** Parameters as tensors; the caller disposes of them. */
export function toWeights(tf: Tf, values: Float32Array, stages: readonly Stage[]): Weights {
  let at = 0;
  return stages.map(({ parameters }) => parameters.map(({ shape }) => {
    const from = at;
    at += sizeOf(shape);
    return tf.tensor(values.slice(from, at), [...shape]);
  }));
}

/** The rows of a data set in the form that the first stage takes. */
export const inputsOf = (tf: Tf, model: ModelForm, { features, rows, width }: Dataset): Tensor => tf.tensor(features, [rows, ...(imageOf(model) ?? [width])]);

/** What each stage takes in and gives, from rows to scores (rows × outputs). */
export function forward(tf: Tf, stages: readonly Stage[], weights: Weights, inputs: Tensor): Passed[] {
  let input = inputs;
  return stages.map((stage, at) => {
    const output = stage.forward(tf, weights[at] ?? [], input);
    const passed = { input, output };
    input = output;
    return passed;
  });
}

/** The scores at the end of a chain. */
export const scoresOf = (passed: readonly Passed[]): Tensor2D => passed.at(-1)?.output as Tensor2D;

/** What the loss says of each stage's output before its activation, row by row: the deltas of back-propagation. @param slope the loss's gradient by the scores. */
export function deltas(tf: Tf, stages: readonly Stage[], weights: Weights, passed: readonly Passed[], slope: Tensor): Tensor[] {
  let after = slope;
  const found: Tensor[] = [];
  for (let at = stages.length - 1; at >= 0; at--) {
    const [stage, here] = [stages[at] as Stage, passed[at] as Passed];
    const delta = stage.delta(tf, here, after);
    found.unshift(delta);
    if (at > 0) after = stage.slopeBefore(tf, weights[at] ?? [], here, delta);
  }
  return found;
}

/** Gradient by the scores of the cross-entropy, sigmoid's or softmax's as the model has it. @param divisor number of rows for a mean, 1 for each row's own. */
export const classSlope = (tf: Tf, { outputs }: ModelForm, scores: Tensor2D, labels: Float32Array, divisor: number): Tensor2D =>
  outputs === undefined ? crossEntropySlope(tf, scores, labels, divisor) : softmaxSlope(tf, scores, labels, divisor);

/** Gradient of the mean loss by the scores. */
function slopeOf(tf: Tf, form: ModelForm, scores: Tensor2D, { labels, events, rows }: Dataset): Tensor {
  if (form.kind !== 'cox') return classSlope(tf, form, scores, labels, rows);
  return tf.tensor2d(Float32Array.from(coxLoss(scores.dataSync<'float32'>(), labels, events ?? []).slope), [rows, 1]);
}

/** Forward and back through a batch: what passed each stage, and the mean loss's delta there. */
function passes(tf: Tf, model: ModelForm, stages: readonly Stage[], weights: Weights, batch: Dataset): { readonly passed: Passed[]; readonly found: Tensor[] } {
  const passed = forward(tf, stages, weights, inputsOf(tf, model, batch));
  return { passed, found: deltas(tf, stages, weights, passed, slopeOf(tf, model, scoresOf(passed), batch)) };
}

/** Gradient of the mean loss by the inputs, in their shape; to be called inside `tidy`. */
export function inputSlope(tf: Tf, model: ModelForm, stages: readonly Stage[], weights: Weights, batch: Dataset): Tensor {
  const { passed, found } = passes(tf, model, stages, weights, batch);
  return (stages[0] as Stage).slopeBefore(tf, weights[0] ?? [], passed[0] as Passed, found[0] as Tensor);
}

/** Gradients of the mean loss over a batch, stage by stage; to be called inside `tidy`. */
export function gradients(tf: Tf, model: ModelForm, stages: readonly Stage[], weights: Weights, batch: Dataset): Weights {
  const { passed, found } = passes(tf, model, stages, weights, batch);
  return stages.map((stage, at) => stage.gradients(tf, passed[at] as Passed, found[at] as Tensor));
}
