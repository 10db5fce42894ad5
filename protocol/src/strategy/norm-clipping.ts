/** Norm clipping, Sun et al. 2019, "Can You Really Backdoor Federated Learning?" (https://arxiv.org/abs/1911.07963): the mean of updates none of which is longer than C. */
import { squaredNorm, weightedSum, type Rows } from './rows.js';

/** What shortens a row to at most a length: 1 for a short one. */
function clippingFactor(row: Float64Array, norm: number): number {
  const length = Math.sqrt(squaredNorm(row));
  return length > norm ? norm / length : 1;
}

/** The mean of x_i · min(1, C / ‖x_i‖). */
export const normClipping = (rows: Rows, norm: number): Float64Array => weightedSum(rows, rows.map((row) => clippingFactor(row, norm)), rows.length);
