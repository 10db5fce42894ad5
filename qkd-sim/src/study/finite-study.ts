/** Key length against block size: of a profile as it is, and of the link of Lim et al. 2014 at 100 km at its best. */
import { type DetectionModel, expectedKey } from '../distillation/key-rate/expected-block.js';
import { optimalKey } from '../distillation/key-rate/optimal-block.js';
import { type WeakPulseProfile, steadyLossDb } from '../profiles/profile.js';

/** What reconciliation of the default variant discloses, over the Shannon limit. */
const EFFICIENCY = 1.1;

/** A block size of a profile. `keyBits` is 0 where there is no key. */
export interface FinitePoint {
  readonly siftedBits: number;
  readonly keyBits: number;
  /** Key bits for a sifted bit. */
  readonly share: number;
  /** Time on the link without dead time, and key rate at that pace. */
  readonly linkSeconds: number;
  readonly keyRateBps: number;
}

/** A block size of the link of Lim et al. at 100 km; rates are key bits for a pulse. */
export interface LimPoint {
  readonly siftedBits: number;
  readonly share: number;
  readonly rate: number;
  readonly reference?: number;
  readonly difference?: number;
}

/** Reference rates from an optimiser of another hand, ± 1 %. */
const references: ReadonlyMap<number, number> = new Map([[1e4, 9.91e-7], [1e5, 1.04e-5], [1e6, 2.755e-5], [1e7, 4.766e-5], [1e8, 6.747e-5], [1e9, 8.537e-5]]);

/** Block sizes of the study: three a decade from 10⁴ to 10⁹. */
export const finiteSizes: readonly number[] = Array.from({ length: 16 }, (_, index) => Math.round(10 ** (4 + index / 3)));

/** The detectors of a profile as the model of Lim et al. sees them: afterpulses on the same gate, no dead time. */
const modelOf = (profile: WeakPulseProfile): DetectionModel =>
  ({ ...profile, transmittance: profile.detectorEfficiency * 10 ** (-steadyLossDb(profile) / 10) });

/** The expected key of a block of a profile. */
export const finitePoint = (profile: WeakPulseProfile, siftedBits: number): FinitePoint => {
  const { keyBits: bits, pulses } = expectedKey(modelOf(profile), profile, siftedBits, EFFICIENCY);
  const keyBits = Math.max(0, bits);
  const linkSeconds = pulses / profile.gateHz;
  return { siftedBits, keyBits, share: keyBits / siftedBits, linkSeconds, keyRateBps: keyBits / linkSeconds };
};

/** The best key of the link of Lim et al. at 100 km. */
export const limPoint = (siftedBits: number): LimPoint => {
  const model = { transmittance: 0.1 * 10 ** -2, darkCount: 6e-7, afterpulse: 0.04, misalignment: 5e-3 };
  const best = optimalKey(model, { secrecyPerBit: 1e-15, correctnessEpsilon: 1e-15, vacuumIntensity: 2e-4, efficiency: 1.16 }, siftedBits);
  const [rate, reference] = [Math.max(0, best.rate), references.get(siftedBits)];
  return { siftedBits, share: Math.max(0, best.keyBits) / siftedBits, rate, ...(reference !== undefined && { reference, difference: rate / reference - 1 }) };
};
