/** The test of Bell's inequality in the form of Clauser, Horne, Shimony and Holt: |S| ≤ 2 without entanglement, 2√2 at best. */

/** For Alice's basis a and Bob's turned basis b (0 or 1), at 4a + 2b how often their bits were equal, and one on how often not. */
export type BellCounts = readonly number[];

/** The estimate of S and its standard deviation; undefined before every pair of bases was seen. */
export const chsh = (counts: BellCounts): { value: number; deviation: number } | undefined => {
  // Turned by 22.5° backwards, Bob's first basis lies on the far side of Alice's second one.
  const terms = [1, 1, -1, 1].map((sign, pair) => {
    const [equal = 0, different = 0] = counts.slice(2 * pair, 2 * pair + 2);
    const correlation = (equal - different) / (equal + different);
    return { value: sign * correlation, variance: (1 - correlation ** 2) / (equal + different) };
  });
  if (terms.some(({ value }) => Number.isNaN(value))) return undefined;
  return {
    value: terms.reduce((sum, { value }) => sum + value, 0),
    deviation: Math.sqrt(terms.reduce((sum, { variance }) => sum + variance, 0)),
  };
};
