/** FLTrust, Cao et al. 2021 (https://arxiv.org/abs/2012.13995): each update counts by its cosine with a trusted root's, and is as long as the root's. */
import { dot, squaredNorm, weightedSum, type Rows } from './rows.js';

/**
 * Σ T_i·x̂_i / Σ T_i with T_i = max(0, cos(x_i, root)) and x̂_i = x_i·‖root‖/‖x_i‖; zero where nobody is trusted.
 * @param rows the others' updates; the root's own is the measure and not averaged.
 */
export function flTrust(rows: Rows, root: Float64Array): Float64Array {
  const length = Math.sqrt(squaredNorm(root));
  const lengths = rows.map((row) => Math.sqrt(squaredNorm(row)));
  const trust = rows.map((row, i) => (length > 0 && (lengths[i] as number) > 0 ? Math.max(0, dot(row, root) / (lengths[i] as number) / length) : 0));
  const total = trust.reduce((sum, value) => sum + value, 0);
  if (total === 0) return new Float64Array(root.length);
  return weightedSum(rows, trust.map((value, i) => (value === 0 ? 0 : (value * length) / (lengths[i] as number))), total);
}
