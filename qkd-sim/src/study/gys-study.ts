/** Key rate against distance of the link of Gobby, Yuan and Shields 2004, beside reference values computed independently. */
import { type DecoyLink, infiniteDecoyRate, optimalMean, reachKm, vacuumAndWeakRate } from '../distillation/key-rate/decoy-rate.js';

/** The parameters of the experiment, as Ma, Qi, Zhao and Lo 2005 use them. */
export const gysLink: DecoyLink = { lossDbPerKm: 0.21, receiverTransmittance: 0.045, darkYield: 1.7e-6, misalignment: 0.033, efficiency: 1.22, siftingFactor: 0.5 };
const MEAN = 0.48;
const WEAK = 0.05;

/** A rate in bits for a pulse, and the reference where there is one; `difference` is relative to it. */
export interface Compared {
  readonly rate: number;
  readonly reference?: number;
  readonly difference?: number;
}

/** One row; a rate of 0 means no key. */
export interface GysPoint {
  readonly fiberKm: number;
  readonly infiniteDecoys: Compared;
  readonly vacuumAndWeak: Compared;
}

/** The reach of a method in km, and what the paper prints. */
export interface GysReach {
  readonly method: string;
  readonly km: number;
  readonly published: number;
}

/** Reference rates for μ = 0.48, ν = 0.05: infinitely many decoys; vacuum and one weak decoy. */
const references: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0, [2.5546e-3, 2.41424e-3]], [50, [2.22596e-4, 2.09625e-4]], [100, [1.71844e-5, 1.602e-5]], [120, [4.8146e-6, 4.3686e-6]], [140, [2.465e-7, 7.378e-8]],
]);

const compared = (rate: number, reference: number | undefined): Compared =>
  ({ rate: Math.max(0, rate), ...(reference !== undefined && { reference, difference: rate / reference - 1 }) });

const infinite = (km: number): number => infiniteDecoyRate(gysLink, km, MEAN);
const weak = (km: number): number => vacuumAndWeakRate(gysLink, km, MEAN, WEAK);

/** The rates at one distance. */
export const gysPoint = (fiberKm: number): GysPoint => {
  const [one, other] = references.get(fiberKm) ?? [];
  return { fiberKm, infiniteDecoys: compared(infinite(fiberKm), one), vacuumAndWeak: compared(weak(fiberKm), other) };
};

/** The whole study: every `stepKm` km up to 150. */
export const gysStudy = (stepKm = 10): { points: GysPoint[]; reach: GysReach[]; optimalMean: number } => ({
  points: Array.from({ length: Math.floor(150 / stepKm) + 1 }, (_, index) => gysPoint(index * stepKm)),
  reach: [{ method: 'infinite decoys', km: reachKm(infinite), published: 142.05 }, { method: 'vacuum and weak', km: reachKm(weak), published: 140.55 }],
  optimalMean: optimalMean(gysLink),
});
