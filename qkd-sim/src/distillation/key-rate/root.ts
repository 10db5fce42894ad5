/** Where a falling function crosses zero. */

/**
 * The largest x with f(x) > 0, by bisection.
 * @param f positive at `low`; it changes its sign at most once between the limits
 * @param steps each one halves the error; the default is full precision
 * @returns `low` when f is nowhere positive, `high` when it is everywhere
 */
export const lastPositive = (f: (x: number) => number, low: number, high: number, steps = 100): number => {
  if (f(high) > 0) return high;
  let [positive, other] = [low, high];
  for (let step = 0; step < steps; step++) {
    const middle = (positive + other) / 2;
    if (f(middle) > 0) positive = middle;
    else other = middle;
  }
  return positive;
};
