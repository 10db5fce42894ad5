/** Updates as rows of one length, and the few sums that rules are made of: from zero, coordinates ascending, rows in their order (PROTOCOL section 7). */

/** Used updates by MSP ID, each of the same number of coordinates. */
export type Rows = readonly Float64Array[];

/** ‖x‖². */
export function squaredNorm(row: Float64Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return sum;
}

/** ‖x − y‖². */
export function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) {
    const gap = (a[k] as number) - (b[k] as number);
    sum += gap * gap;
  }
  return sum;
}

/** x · y. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k += 1) sum += (a[k] as number) * (b[k] as number);
  return sum;
}

/** Σ w_i·x_i / divisor. */
export function weightedSum(rows: Rows, weights: readonly number[], divisor: number): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  rows.forEach((row, i) => {
    const weight = weights[i] as number;
    for (let k = 0; k < sum.length; k += 1) sum[k] = (sum[k] as number) + weight * (row[k] as number);
  });
  return sum.map((value) => value / divisor);
}

/** The mean of rows. */
export const meanOfRows = (rows: Rows): Float64Array => weightedSum(rows, rows.map(() => 1), rows.length);

/** One value a coordinate, made from that coordinate of all rows in ascending order. @param of may read its argument only until it returns. */
export function byCoordinate(rows: Rows, of: (sorted: Float64Array) => number): Float64Array {
  const column = new Float64Array(rows.length);
  return new Float64Array(rows[0]?.length ?? 0).map((_, k) => {
    rows.forEach((row, i) => { column[i] = row[k] as number; });
    return of(column.sort());
  });
}

/** The middle of sorted values; of an even number, the mean of the two. */
export function middle(sorted: Float64Array): number {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] as number) : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
}

/** The mean of `count` sorted values from `from` on. */
export function meanBetween(sorted: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let at = from; at < from + count; at += 1) sum += sorted[at] as number;
  return sum / count;
}
