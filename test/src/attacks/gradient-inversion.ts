/**
 * Rows told from the gradient of a dense layer: of one row, ∂L/∂W ÷ ∂L/∂b is the row itself (Phong et al. 2018, https://eprint.iacr.org/2017/715); of several,
 * each neuron that one row alone moved gives that row back (Boenisch et al. 2023, https://arxiv.org/abs/2112.02918).
 */

/** A dense layer's part of an update; the learning rate drops out of the quotient. */
export interface LayerUpdate {
  readonly inputs: number;
  readonly outputs: number;
  /** inputs × outputs, then outputs. */
  readonly values: ArrayLike<number>;
}

/** One candidate row a neuron: its weights' changes over its bias's. Neurons whose bias did not move say nothing. */
export function quotients({ inputs, outputs, values }: LayerUpdate): Float64Array[] {
  return Array.from({ length: outputs }, (_, out) => out)
    .filter((out) => values[inputs * outputs + out] !== 0)
    .map((out) => Float64Array.from({ length: inputs }, (_, k) => (values[k * outputs + out] as number) / (values[inputs * outputs + out] as number)));
}

/** Mean of squared differences. */
export const squaredError = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0) / a.length;

/** The error of the candidate nearest to any of the rows: an attacker's best case. Without candidates nothing was learnt. */
export const bestError = (candidates: readonly ArrayLike<number>[], rows: readonly ArrayLike<number>[]): number =>
  Math.min(Infinity, ...candidates.flatMap((candidate) => rows.map((row) => squaredError(candidate, row))));
