/** Bulyan, El Mhamdi, Guerraoui and Rouault 2018 (https://arxiv.org/abs/1802.07927): Krum picks n − 2f updates one by one, then each coordinate is the mean of the values nearest to their median; bears f with n ≥ 4f + 3. */
import { distances, scores } from './krum.js';
import { byCoordinate, meanBetween, middle, type Rows } from './rows.js';

/** The n − 2f rows that Krum picks, each among those that are left. */
function selected(rows: Rows, f: number): number[] {
  const table = distances(rows);
  let left = [...rows.keys()];
  const picked: number[] = [];
  while (picked.length < rows.length - 2 * f) {
    const found = scores(table, left, f);
    const best = left[found.indexOf(Math.min(...found))] as number;
    picked.push(best);
    left = left.filter((i) => i !== best);
  }
  return picked;
}

/** The mean of `count` of the sorted values that lie nearest to their median; of two equally near ones the lower. */
function nearestToMiddle(sorted: Float64Array, count: number): number {
  const median = middle(sorted);
  let from = 0;
  while (from + count < sorted.length && (sorted[from + count] as number) - median < median - (sorted[from] as number)) from += 1;
  return meanBetween(sorted, from, count);
}

/** The coordinate-wise mean of the n − 4f picked values around the median. */
export function bulyan(rows: Rows, f: number): Float64Array {
  const picked = selected(rows, f).map((i) => rows[i] as Float64Array);
  return byCoordinate(picked, (sorted) => nearestToMiddle(sorted, rows.length - 4 * f));
}
