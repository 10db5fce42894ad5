/**
 * The law of one gate: which settings and which click pattern occur together, and how often.
 * A phase-randomised pulse of mean x = intensity · transmittance splits into independent Poisson numbers at the two
 * detectors, so detector d stays silent with exp(−x · w_d)(1 − darkCount), w_d being its share of the light.
 */
import type { Profile } from '../profile.js';
import { type Eve, pulseLaw } from './eve.js';

/** The key basis. */
export const X = 0;
/** The check basis. */
export const Z = 1;

/**
 * The settings of one gate packed into a byte: Alice's basis (bit 0), her bit (bit 1), intensity (bits 2–3),
 * Bob's basis (bit 4), and the detectors that clicked (bits 5 and 6).
 */
export type Gate = number;

export const aliceBasis = (gate: Gate): number => gate & 1;
export const aliceBit = (gate: Gate): number => (gate >> 1) & 1;
export const intensityOf = (gate: Gate): number => (gate >> 2) & 3;
export const bobBasis = (gate: Gate): number => (gate >> 4) & 1;
export const patternOf = (gate: Gate): number => gate >> 5;
/** The part of a gate that Alice knows. */
export const ALICE_MASK = 0x0f;

/** A weighted outcome. */
interface Outcome {
  readonly gate: Gate;
  readonly weight: number;
}

/** The law of one gate under one setting of Eve. */
export interface ClickTable {
  /** Probability that at least one detector clicks. */
  readonly clickProbability: number;
  /** The settings and patterns of a gate that clicks. */
  readonly clicks: readonly Outcome[];
  /** The settings of a gate that stays silent. */
  readonly silences: readonly Outcome[];
}

/** The table of a link while Eve does something to it, or nothing. */
export const clickTable = (profile: Profile, eve: Eve): ClickTable => {
  const law = pulseLaw(profile, eve);
  const clicks: Outcome[] = [];
  const silences: Outcome[] = [];
  const basisProbability = [profile.keyBasisProbability, 1 - profile.keyBasisProbability];
  for (let settings = 0; settings < 32; settings++) {
    const intensity = profile.intensities[intensityOf(settings)];
    const sent = profile.intensityProbabilities[intensityOf(settings)];
    if (intensity === undefined || sent === undefined) continue;
    const [a, b] = [aliceBasis(settings), bobBasis(settings)];
    const prior = 0.5 * sent * (basisProbability[a] ?? 0) * (basisProbability[b] ?? 0);
    law(intensity, a === b, aliceBit(settings)).forEach((probability, pattern) => {
      const outcome = { gate: settings | (pattern << 5), weight: prior * probability };
      (pattern === 0 ? silences : clicks).push(outcome);
    });
  }
  return { clickProbability: clicks.reduce((sum, { weight }) => sum + weight, 0), clicks, silences };
};
