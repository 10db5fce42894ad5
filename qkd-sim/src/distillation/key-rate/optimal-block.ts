/** The intensities and probabilities with which a link makes the most key for a pulse, for a given block size. */
import { type DecoyProtocol, type DetectionModel, type ExpectedKey, expectedKey } from './expected-block.js';
import { maximise } from './maximise.js';

/** What is not searched for. */
export interface Security {
  /** Secrecy failure for each bit of key, κ: the block's ε_sec is κ times its length, as in Lim et al. 2014. */
  readonly secrecyPerBit: number;
  readonly correctnessEpsilon: number;
  /** Mean photon number of the weakest intensity. */
  readonly vacuumIntensity: number;
  readonly efficiency: number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Free numbers to a protocol in which probabilities sum to 1 and intensities fall as the bound demands. */
const protocolAt = (at: readonly number[], { correctnessEpsilon, vacuumIntensity }: Security): Omit<DecoyProtocol, 'secrecyEpsilon'> => {
  const [basis = 0, signal = 0, decoy = 0, bright = 0, weak = 0] = at.map(sigmoid);
  const strongest = 2 * vacuumIntensity + bright;
  return {
    keyBasisProbability: basis, correctnessEpsilon,
    intensityProbabilities: [signal, (1 - signal) * decoy, (1 - signal) * (1 - decoy)],
    intensities: [strongest, vacuumIntensity + weak * (strongest - 2 * vacuumIntensity), vacuumIntensity],
  };
};

/** The key with ε_sec = κ·ℓ, found by repetition: ℓ hardly depends on it. */
const keyAt = (model: DetectionModel, security: Security, siftedBits: number, at: readonly number[]): ExpectedKey => {
  let key: ExpectedKey | undefined;
  for (let round = 0; round < 3; round++) {
    const secrecyEpsilon = security.secrecyPerBit * Math.max(1, key?.keyBits ?? siftedBits / 10);
    key = expectedKey(model, { ...protocolAt(at, security), secrecyEpsilon }, siftedBits, security.efficiency);
  }
  return key as ExpectedKey;
};

/** Starts of the search: one for large blocks, one for small ones. */
const STARTS: readonly (readonly number[])[] = [[3, 1.5, 1, 0.2, -1.2], [1, -1, 1.5, 0.6, -0.2], [-0.4, -3.3, 0, 0, -1.4]];

/** The best expected key of a block; `keyBits` is 0 or less beyond the link's reach. */
export const optimalKey = (model: DetectionModel, security: Security, siftedBits: number): ExpectedKey => {
  // Without any key, less than nothing for a sifted bit tells the search where to go; for a pulse it would like to send for ever.
  const worth = (at: readonly number[]): number => {
    const { keyBits, rate } = keyAt(model, security, siftedBits, at);
    return keyBits > 0 ? rate : keyBits / siftedBits;
  };
  const found = STARTS.map((start) => maximise(worth, start));
  const best = found.reduce((one, other) => (other.value > one.value ? other : one));
  return keyAt(model, security, siftedBits, maximise(worth, best.at, 0.1).at);
};
