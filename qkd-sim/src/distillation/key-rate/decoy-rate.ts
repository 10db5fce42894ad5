/**
 * Asymptotic key rates of decoy-state BB84 on a fibre, after Ma, Qi, Zhao and Lo, "Practical decoy state for quantum key
 * distribution", PRA 72, 012326 (2005), and GLLP (QIC 4, 325). No statistics: blocks are taken as infinitely long.
 */
import { entropy } from '../finite-key.js';
import { lastPositive } from './root.js';

/** A link of the model. */
export interface DecoyLink {
  readonly lossDbPerKm: number;
  /** Transmittance of Bob's side with his detectors, 0 to 1. */
  readonly receiverTransmittance: number;
  /** Probability Y₀ that a gate without light clicks. */
  readonly darkYield: number;
  /** Probability that a photon reaches the wrong detector. */
  readonly misalignment: number;
  /** Bits disclosed in reconciliation over the Shannon limit, at least 1. */
  readonly efficiency: number;
  /** Share of the pulses that sifting keeps: ½ for two bases with equal probability. */
  readonly siftingFactor: number;
}

/** What Alice and Bob see of one intensity: probability of a click, and error rate of the clicks. */
export interface Observed {
  readonly gain: number;
  readonly errorRate: number;
}

/** What is known about pulses with one photon. */
export interface SinglePhotons {
  /** Probability Y₁ that such a pulse clicks; a lower bound where it is one. */
  readonly yield: number;
  /** Error rate e₁ of these clicks; an upper bound where the yield is a lower one. */
  readonly errorRate: number;
}

/** Errors of dark counts. */
const E0 = 0.5;

/** Transmittance of the link with Bob's side. */
export const linkTransmittance = ({ lossDbPerKm, receiverTransmittance }: DecoyLink, fiberKm: number): number =>
  receiverTransmittance * 10 ** ((-lossDbPerKm * fiberKm) / 10);

/**
 * What a pulse of a mean photon number gives, in the model: Q = 1 − (1 − Y₀) e^(−ημ), the exact sum over photon numbers.
 * The paper's Y₀ + 1 − e^(−ημ) counts a dark count beside a photon twice, so that bounds from it can lie above the truth.
 */
export const observed = (link: DecoyLink, fiberKm: number, mean: number): Observed => {
  const light = -Math.expm1(-linkTransmittance(link, fiberKm) * mean);
  const gain = link.darkYield + light * (1 - link.darkYield);
  return { gain, errorRate: (E0 * link.darkYield + link.misalignment * light) / gain };
};

/** The single photons themselves: what infinitely many decoy intensities would tell. */
export const infiniteDecoys = (link: DecoyLink, fiberKm: number): SinglePhotons => {
  const eta = linkTransmittance(link, fiberKm);
  const clicks = link.darkYield + eta - link.darkYield * eta;
  return { yield: clicks, errorRate: (E0 * link.darkYield + link.misalignment * eta) / clicks };
};

/**
 * The bounds from a signal, one weak decoy and vacuum. What cannot be bounded is ½, never less: an infeasible estimate
 * is no reason to trust the line.
 * @param signal seen at mean photon number `mean`
 * @param decoy seen at the smaller mean photon number `decoyMean`
 */
export const vacuumAndWeak = (signal: Observed, mean: number, decoy: Observed, decoyMean: number, vacuumYield: number): SinglePhotons => {
  const decoyClicks = decoy.gain * Math.exp(decoyMean);
  const multi = (decoyMean / mean) ** 2;
  const single = (mean / (mean * decoyMean - decoyMean ** 2)) * (decoyClicks - signal.gain * Math.exp(mean) * multi - (1 - multi) * vacuumYield);
  const errorRate = (decoy.errorRate * decoyClicks - E0 * vacuumYield) / (single * decoyMean);
  const feasible = single > 0 && errorRate >= 0 && errorRate <= E0;
  return { yield: Math.max(0, single), errorRate: feasible ? errorRate : E0 };
};

/** GLLP: secret bits for a pulse, q { −Q f h(E) + Q₁ [1 − h(e₁)] }; below 0 none. */
export const gllpRate = ({ siftingFactor, efficiency }: DecoyLink, signal: Observed, mean: number, single: SinglePhotons): number =>
  siftingFactor * (single.yield * mean * Math.exp(-mean) * (1 - entropy(single.errorRate)) - signal.gain * efficiency * entropy(signal.errorRate));

/** Rate with infinitely many decoys; secret bits for a pulse. */
export const infiniteDecoyRate = (link: DecoyLink, fiberKm: number, mean: number): number =>
  gllpRate(link, observed(link, fiberKm, mean), mean, infiniteDecoys(link, fiberKm));

/** Rate with vacuum and one weak decoy; secret bits for a pulse. */
export const vacuumAndWeakRate = (link: DecoyLink, fiberKm: number, mean: number, decoyMean: number): number => {
  const signal = observed(link, fiberKm, mean);
  return gllpRate(link, signal, mean, vacuumAndWeak(signal, mean, observed(link, fiberKm, decoyMean), decoyMean, link.darkYield));
};

/** The distance up to which a rate that falls with it is positive. */
export const reachKm = (rate: (fiberKm: number) => number): number => lastPositive(rate, 0, 1000);

/** The best mean photon number of the signal for a short link: (1 − μ) e^−μ = f h(e_d) / (1 − h(e_d)). */
export const optimalMean = ({ misalignment, efficiency }: DecoyLink): number => {
  const noise = entropy(misalignment);
  return lastPositive((mean) => (1 - mean) * Math.exp(-mean) - (efficiency * noise) / (1 - noise), 0, 1);
};
