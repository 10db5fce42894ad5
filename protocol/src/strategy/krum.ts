/** Krum, Blanchard et al. 2017 (https://papers.nips.cc/paper/6617-machine-learning-with-adversaries-byzantine-tolerant-gradient-descent): the one update that lies closest to its n − f − 2 neighbours; bears f with 2f + 2 < n. */
import { squaredDistance, type Rows } from './rows.js';

/** Squared distances between all rows. */
export function distances(rows: Rows): number[][] {
  const table = rows.map(() => new Array<number>(rows.length).fill(0));
  rows.forEach((a, i) => {
    for (let j = 0; j < i; j += 1) {
      const gap = squaredDistance(a, rows[j] as Float64Array);
      (table[i] as number[])[j] = gap;
      (table[j] as number[])[i] = gap;
    }
  });
  return table;
}

/** The scores of some rows among themselves: the sum of squared distances to the n − f − 2 nearest of the others, ascending. */
export function scores(table: readonly (readonly number[])[], among: readonly number[], f: number): number[] {
  return among.map((i) => {
    const gaps = Float64Array.from(among.filter((j) => j !== i), (j) => table[i]?.[j] as number).sort();
    return gaps.subarray(0, Math.max(among.length - f - 2, 0)).reduce((sum, gap) => sum + gap, 0);
  });
}

/** The score of each row among all: the sum of squared distances to its n − f − 2 nearest; an outlier's is high. @param f outliers that are borne, 2f + 2 < n. */
export const krumScores = (rows: Rows, f: number): number[] => scores(distances(rows), [...rows.keys()], f);

/** Rows by their score; of equal ones the lower first. */
export function ranked(rows: Rows, f: number): number[] {
  const found = krumScores(rows, f);
  return [...rows.keys()].sort((a, b) => (found[a] as number) - (found[b] as number) || a - b);
}

/** The row with the least score, of equal ones the lower. */
export const krum = (rows: Rows, f: number): Float64Array => (rows[ranked(rows, f)[0] as number] as Float64Array).slice();
