/** Geometric median (RFA), Pillutla, Kakade and Harchaoui 2022 (https://arxiv.org/abs/1912.13445): the point with the least sum of distances, by smoothed Weiszfeld steps; bears f < n/2 arbitrary updates. */
import { meanOfRows, squaredDistance, weightedSum, type Rows } from './rows.js';

/**
 * A fixed number of steps z ← Σ w_i·x_i / Σ w_i with w_i = 1 / max(ν, ‖x_i − z‖), so that all compute the same bytes.
 * @param smoothing ν, keeps a step finite where z is one of the rows.
 * @param start the mean, unless told otherwise.
 */
export function geometricMedian(rows: Rows, iterations: number, smoothing: number, start: Float64Array = meanOfRows(rows)): Float64Array {
  let point = start;
  for (let step = 0; step < iterations; step += 1) {
    const weights = rows.map((row) => 1 / Math.max(smoothing, Math.sqrt(squaredDistance(row, point))));
    point = weightedSum(rows, weights, weights.reduce((sum, weight) => sum + weight, 0));
  }
  return point;
}
