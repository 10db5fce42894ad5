/** How often which detectors fire: probabilities of the patterns none, detector 0 only, detector 1 only, both. */

export type PatternLaw = readonly [none: number, first: number, second: number, both: number];

/** The law of a phase-randomised pulse of `mean` detectable photons, of which the share `share0` goes to detector 0. */
export const poissonLaw = (mean: number, share0: number, darkCount: number): PatternLaw => {
  const silent0 = Math.exp(-mean * share0) * (1 - darkCount);
  const silent1 = Math.exp(-mean * (1 - share0)) * (1 - darkCount);
  return [silent0 * silent1, (1 - silent0) * silent1, silent0 * (1 - silent1), (1 - silent0) * (1 - silent1)];
};

/**
 * The law of any number m of photons, each detected with probability `efficiency`.
 * @param generating z ↦ E[z^m], for 0 ≤ z ≤ 1
 */
export const photonLaw = (generating: (z: number) => number, efficiency: number, share0: number, darkCount: number): PatternLaw => {
  const none = generating(1 - efficiency) * (1 - darkCount) ** 2;
  const silent0 = generating(1 - efficiency * share0) * (1 - darkCount);
  const silent1 = generating(1 - efficiency * (1 - share0)) * (1 - darkCount);
  // Differences of numbers near 1: what rounding makes negative is nothing.
  return [none, Math.max(0, silent1 - none), Math.max(0, silent0 - none), Math.max(0, 1 - silent0 - silent1 + none)];
};

/** One law or another, each with its probability. */
export const mixture = (parts: readonly (readonly [probability: number, law: PatternLaw])[]): PatternLaw => {
  const of = (pattern: 0 | 1 | 2 | 3): number => parts.reduce((sum, [probability, law]) => sum + probability * law[pattern], 0);
  return [of(0), of(1), of(2), of(3)];
};
