/** Tensors that stay at each hospital (FedBN, Li et al. 2021, https://arxiv.org/abs/2102.07623): parts of one parameter vector that are taken out before anything is sent and put back before anything is computed. */
import { tensorSize, type Study } from '@epione/protocol';
import { initialParameters } from './model.js';

type Model = Study['model'];

/** Whether a model has such tensors. */
export const hasLocal = ({ tensors }: Model): boolean => tensors.some(({ local }) => local === true);

/** Calls `take` for each tensor with where it lies among all parameters and, of its own kind, in the shared or local part. */
function forEachTensor({ tensors }: Model, take: (local: boolean, size: number, at: number, within: number) => void): void {
  let at = 0;
  const within = { shared: 0, local: 0 };
  for (const tensor of tensors) {
    const size = tensorSize(tensor);
    const kind = tensor.local === true ? 'local' : 'shared';
    take(kind === 'local', size, at, within[kind]);
    at += size;
    within[kind] += size;
  }
}

/** The whole vector in the study's tensor order. @param shared `dimension` values. */
export function joined(model: Model, shared: Float32Array, local: ArrayLike<number>): Float32Array {
  const all = new Float32Array(shared.length + local.length);
  const own = Float32Array.from(local);
  forEachTensor(model, (isLocal, size, at, within) => { all.set((isLocal ? own : shared).subarray(within, within + size), at); });
  return all;
}

/** A whole vector as its two parts. */
export function divided(model: Model, all: Float32Array): { readonly shared: Float32Array; readonly local: Float32Array } {
  const shared = new Float32Array(model.dimension);
  const local = new Float32Array(all.length - model.dimension);
  forEachTensor(model, (isLocal, size, at, within) => { (isLocal ? local : shared).set(all.subarray(at, at + size), within); });
  return { shared, local };
}

/** The local part before a hospital's first round, drawn from a seed. */
export const firstLocal = (model: Model, inputs: number, seed: string): Float32Array => divided(model, initialParameters(model, inputs, seed)).local;
