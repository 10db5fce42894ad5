/** What bends local steps besides the loss: FedProx's pull to the base model (https://arxiv.org/abs/1812.06127) and SCAFFOLD's correction of drift (https://arxiv.org/abs/1910.06378). */
import type { Study } from '@epione/protocol';
import type { Stage } from './models/stage.js';
import { toWeights, type Weights } from './model.js';
import type { Tensor, Tf } from './tf.js';

/** Changes the gradients of a step: μ·(x − base) and c − c_i are added where the study has them. */
export class Bend implements Disposable {
  readonly #tf: Tf;
  readonly #base: Weights;
  readonly #drift: Weights;
  readonly #proximal: number;

  /** @param drift c − c_i, one value a parameter. */
  constructor(tf: Tf, { proximal }: Study['training'], stages: readonly Stage[], base: Float32Array, drift?: Float32Array) {
    this.#tf = tf;
    this.#proximal = Number(proximal ?? 0);
    this.#base = this.#proximal > 0 ? toWeights(tf, base, stages) : [];
    this.#drift = drift === undefined ? [] : toWeights(tf, drift, stages);
  }

  /** The gradients to step along; to be called inside `tidy`. */
  apply(weights: Weights, gradients: Weights): Weights {
    return gradients.map((tensors, stage) => tensors.map((gradient, at) => this.#bent(gradient, weights[stage]?.[at] as Tensor, this.#base[stage]?.[at], this.#drift[stage]?.[at])));
  }

  #bent(gradient: Tensor, here: Tensor, base: Tensor | undefined, drift: Tensor | undefined): Tensor {
    const tf = this.#tf;
    const pulled = base === undefined ? gradient : tf.add(gradient, tf.mul(tf.sub(here, base), this.#proximal));
    return drift === undefined ? pulled : tf.add(pulled, drift);
  }

  [Symbol.dispose](): void {
    this.#tf.dispose([...this.#base, ...this.#drift].flat());
  }
}
