/** Statistics of the tests that compare samples. */

/** How often each value below `cells` occurs. */
export const histogram = (values: Iterable<number>, cells: number): number[] => {
  const counts = new Array<number>(cells).fill(0);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

/** Chi-square of homogeneity of two histograms, and its degrees of freedom; cells that are rare in both are left out. */
export const chiSquare = (a: readonly number[], b: readonly number[]): { value: number; freedom: number } => {
  const cells = a.map((count, index) => [count, b[index] ?? 0] as const).filter(([x, y]) => x + y >= 10);
  const [totalA, totalB] = cells.reduce(([x, y], [dx, dy]) => [x + dx, y + dy], [0, 0]);
  const ratio = Math.sqrt(totalB / totalA);
  return { value: cells.reduce((sum, [x, y]) => sum + (ratio * x - y / ratio) ** 2 / (x + y), 0), freedom: cells.length - 1 };
};

/** The value that chi-square passes with probability 10⁻⁶ (Wilson and Hilferty). */
export const chiSquareLimit = (freedom: number): number => freedom * (1 - 2 / (9 * freedom) + 4.75 * Math.sqrt(2 / (9 * freedom))) ** 3;
