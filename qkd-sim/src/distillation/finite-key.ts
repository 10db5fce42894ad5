/**
 * The length of the secret key from measured counts, after Lim, Curty, Walenta, Xu and Zbinden, "Concise security
 * bounds for practical decoy-state quantum key distribution", PRA 89, 022307 (2014), equations 1 to 5. What leaked in
 * reconciliation is what was disclosed, not the paper's n_X · f · h(e) (whose n_X is missing in print). The phase error
 * bound passes through a Taylor step and so is not strict (Tupkary et al., arXiv:2502.10340).
 */

/** One number for each of the three intensities. */
export type PerIntensity = readonly [number, number, number];

/** What Alice and Bob counted in one block. */
export interface Counts {
  /** Sifted bits in the key basis. */
  readonly key: PerIntensity;
  /** Sifted bits in the check basis, and how many of them differ. */
  readonly check: PerIntensity;
  readonly checkErrors: PerIntensity;
}

/** The parameters of the protocol that the bound needs. */
export interface DecoyParameters {
  readonly intensities: PerIntensity;
  readonly intensityProbabilities: PerIntensity;
  readonly secrecyEpsilon: number;
  readonly correctnessEpsilon: number;
}

/** The bounds behind a key length. */
export interface KeyLength {
  /** Bits that may be kept; 0 or less means none. */
  readonly bits: number;
  /** Lower bounds on vacuum and single-photon events in the key basis, on single-photon events in the check basis. */
  readonly vacuum: number;
  readonly single: number;
  readonly checkSingle: number;
  /** Upper bounds on the errors of single photons in the check basis and on the phase error rate. */
  readonly checkSingleErrors: number;
  readonly phaseError: number;
}

/** The binary entropy in bits, for 0 ≤ p ≤ 1. */
export const entropy = (p: number): number => (p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p));

const sum = ([a, b, c]: PerIntensity): number => a + b + c;

/** τ_n: the probability that a pulse holds n photons. */
const photonProbability = ({ intensities, intensityProbabilities }: DecoyParameters, n: 0 | 1): number =>
  intensities.reduce((total, mean, k) => total + Math.exp(-mean) * mean ** n * (intensityProbabilities[k] ?? 0), 0);

/** The lower and upper bound of n_k · e^k / p_k by Hoeffding's inequality. */
const bounds = (counts: PerIntensity, p: DecoyParameters): { low: PerIntensity; high: PerIntensity } => {
  const spread = Math.sqrt((sum(counts) / 2) * Math.log(21 / p.secrecyEpsilon));
  const bound = (k: 0 | 1 | 2, sign: number): number =>
    (Math.exp(p.intensities[k]) / p.intensityProbabilities[k]) * (counts[k] + sign * spread);
  return { low: [bound(0, -1), bound(1, -1), bound(2, -1)], high: [bound(0, 1), bound(1, 1), bound(2, 1)] };
};

/** Lower bounds on the events that came from pulses with no photon and with one. */
const photonEvents = (counts: PerIntensity, p: DecoyParameters): { vacuum: number; single: number } => {
  const [m1, m2, m3] = p.intensities;
  const { low, high } = bounds(counts, p);
  const tau0 = photonProbability(p, 0);
  const vacuum = Math.max(0, (tau0 * (m2 * low[2] - m3 * high[1])) / (m2 - m3));
  const decoy = low[1] - high[2] - ((m2 ** 2 - m3 ** 2) / m1 ** 2) * (high[0] - vacuum / tau0);
  const single = (photonProbability(p, 1) * m1 * decoy) / (m1 * (m2 - m3) - m2 ** 2 + m3 ** 2);
  return { vacuum, single: Math.max(0, single) };
};

/** γ of equation 5: what the phase error rate may lie above the bit error rate of the check basis. */
const sampling = (epsilon: number, rate: number, check: number, key: number): number => {
  const samples = (check + key) / (check * key);
  return Math.sqrt(((samples * (1 - rate) * rate) / Math.LN2) * Math.log2((samples / ((1 - rate) * rate)) * (21 / epsilon) ** 2));
};

/**
 * The secret key length of a block.
 * @param disclosedBits every parity and hash bit that was sent about the key
 */
export const keyLength = (counts: Counts, p: DecoyParameters, disclosedBits: number): KeyLength => {
  const { vacuum, single } = photonEvents(counts.key, p);
  const { single: checkSingle } = photonEvents(counts.check, p);
  const errors = bounds(counts.checkErrors, p);
  const [, m2, m3] = p.intensities;
  const checkSingleErrors = (photonProbability(p, 1) * (errors.high[1] - errors.low[2])) / (m2 - m3);
  // Without single photons, or with too many errors, nothing is known about the phase: one half, never less.
  const rate = checkSingle > 0 && single > 0 ? Math.min(0.5, Math.max(checkSingleErrors / checkSingle, 1 / checkSingle)) : 0.5;
  const phaseError = rate < 0.5 ? Math.min(0.5, rate + sampling(p.secrecyEpsilon, rate, checkSingle, single)) : 0.5;
  const constant = 6 * Math.log2(21 / p.secrecyEpsilon) + Math.log2(2 / p.correctnessEpsilon);
  const bits = Math.floor(vacuum + single * (1 - entropy(phaseError)) - disclosedBits - constant);
  return { bits, vacuum, single, checkSingle, checkSingleErrors, phaseError };
};
