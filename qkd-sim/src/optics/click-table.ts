/**
 * The law of one gate: which settings and which click pattern occur together, and how often.
 * A phase-randomised pulse of mean x = intensity · transmittance splits into independent Poisson numbers at the two
 * detectors, so detector d stays silent with exp(−x · w_d)(1 − darkCount), w_d being its share of the light.
 */
import type { Profile } from '../profile.js';

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

/** Shares of the light at detector 0 and how often they occur. */
type Share = readonly [share: number, probability: number];

/**
 * Where the light goes. Eve's intercept-resend on a fraction of the pulses measures in a random basis and sends on a
 * pulse of the same intensity in the state she saw.
 */
const sharesAtDetector0 = (sameBasis: boolean, bit: number, misalignment: number, intercepted: number): Share[] => {
  const right = bit === 0 ? 1 - misalignment : misalignment;
  if (sameBasis) {
    // Eve in the right basis changes nothing; in the wrong one, Bob gets a state of the other basis.
    return [[right, 1 - intercepted / 2], [0.5, intercepted / 2]];
  }
  // Eve in Bob's basis sends a definite but random bit of it.
  return [[0.5, 1 - intercepted / 2], [1 - misalignment, intercepted / 4], [misalignment, intercepted / 4]];
};

/** Probabilities of the patterns none, detector 0 only, detector 1 only, both. */
const patternLaw = (mean: number, shares: readonly Share[], darkCount: number): number[] => {
  const law = [0, 0, 0, 0];
  for (const [share, probability] of shares) {
    const silent0 = Math.exp(-mean * share) * (1 - darkCount);
    const silent1 = Math.exp(-mean * (1 - share)) * (1 - darkCount);
    const each = [silent0 * silent1, (1 - silent0) * silent1, silent0 * (1 - silent1), (1 - silent0) * (1 - silent1)];
    each.forEach((value, pattern) => { law[pattern] = (law[pattern] ?? 0) + probability * value; });
  }
  return law;
};

/**
 * The table of a link.
 * @param interceptFraction share of the pulses that Eve measures and sends again, 0 to 1
 */
export const clickTable = (profile: Profile, interceptFraction: number): ClickTable => {
  const transmittance = profile.detectorEfficiency * 10 ** (-profile.lossDb / 10);
  const clicks: Outcome[] = [];
  const silences: Outcome[] = [];
  const basisProbability = [profile.keyBasisProbability, 1 - profile.keyBasisProbability];
  for (let settings = 0; settings < 32; settings++) {
    const intensity = profile.intensities[intensityOf(settings)];
    const sent = profile.intensityProbabilities[intensityOf(settings)];
    if (intensity === undefined || sent === undefined) continue;
    const [a, b] = [aliceBasis(settings), bobBasis(settings)];
    const prior = 0.5 * sent * (basisProbability[a] ?? 0) * (basisProbability[b] ?? 0);
    const shares = sharesAtDetector0(a === b, aliceBit(settings), profile.misalignment, interceptFraction);
    patternLaw(intensity * transmittance, shares, profile.darkCount).forEach((probability, pattern) => {
      const outcome = { gate: settings | (pattern << 5), weight: prior * probability };
      (pattern === 0 ? silences : clicks).push(outcome);
    });
  }
  return { clickProbability: clicks.reduce((sum, { weight }) => sum + weight, 0), clicks, silences };
};
