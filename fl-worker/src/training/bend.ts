/** What bends local steps besides the loss: FedProx's pull to the base model (https://arxiv.org/abs/1812.06127) and SCAFFOLD's correction of drift (https://arxiv.org/abs/1910.06378). */
import type { Study } from '@epione/protocol';
import { disposeWeights, layersOf, toWeights, type Weights } from './model.js';
import type { Tensor1D, Tensor2D, Tf } from './tf.js';

/** Changes the gradients of a step: μ·(x − base) and c − c_i are added where the study has them. */
export class Bend implements Disposable {
  readonly #tf: Tf;
  readonly #base: readonly Weights[];
  readonly #drift: readonly Weights[];
  readonly #proximal: number;

  /** @param drift c − c_i, one value a parameter. */
  constructor(tf: Tf, { model, training }: Pick<Study, 'model' | 'training'>, inputs: number, base: Float32Array, drift?: Float32Array) {
    this.#tf = tf;
    this.#proximal = Number(training.proximal ?? 0);
    const layers = layersOf(model, inputs);
    this.#base = this.#proximal > 0 ? toWeights(tf, base, layers) : [];
    this.#drift = drift === undefined ? [] : toWeights(tf, drift, layers);
  }

  /** The gradients to step along; to be called inside `tidy`. */
  apply(weights: readonly Weights[], gradients: readonly Weights[]): readonly Weights[] {
    return gradients.map((gradient, at) => {
      const [here, base, drift] = [weights[at] as Weights, this.#base[at], this.#drift[at]];
      return {
        kernel: this.#bent<Tensor2D>(gradient.kernel, here.kernel, base?.kernel, drift?.kernel),
        bias: this.#bent<Tensor1D>(gradient.bias, here.bias, base?.bias, drift?.bias),
      };
    });
  }

  #bent<T extends Tensor1D | Tensor2D>(gradient: T, here: T, base: T | undefined, drift: T | undefined): T {
    const tf = this.#tf;
    const pulled = base === undefined ? gradient : tf.add<T>(gradient, tf.mul(tf.sub<T>(here, base), this.#proximal));
    return drift === undefined ? pulled : tf.add<T>(pulled, drift);
  }

  [Symbol.dispose](): void {
    disposeWeights(this.#tf, [...this.#base, ...this.#drift]);
  }
}
