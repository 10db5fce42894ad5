/** Multi-Krum, Blanchard et al. 2017 (https://papers.nips.cc/paper/6617-machine-learning-with-adversaries-byzantine-tolerant-gradient-descent): the mean of the n − f updates with the least Krum scores; bears f with 2f + 2 < n. */
import { ranked } from './krum.js';
import { meanOfRows, type Rows } from './rows.js';

/** The mean of the n − f best rows, summed in their order. */
export function multiKrum(rows: Rows, f: number): Float64Array {
  const best = new Set(ranked(rows, f).slice(0, rows.length - f));
  return meanOfRows(rows.filter((_, i) => best.has(i)));
}
