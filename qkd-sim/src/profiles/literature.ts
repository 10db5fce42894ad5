/** Links of published experiments and of the papers that the key lengths come from. */
import type { WeakPulseProfile } from './profile.js';

/**
 * Gobby, Yuan and Shields, "Quantum key distribution over 122 km of standard telecom fiber", APL 84, 3762 (2004), with the
 * numbers of Ma, Qi, Zhao and Lo, PRA 72, 012326 (2005), table I: 0.21 dB/km, 4.5 %, a misalignment of 3.3 %, 1.7·10⁻⁶
 * dark counts for both detectors together, 2 MHz. The experiment had no decoys: intensities are ours, optimised at 50 km.
 */
export const gys: WeakPulseProfile = {
  name: 'gys',
  source: 'weak-pulses',
  gateHz: 2e6,
  lossDb: 0,
  fiber: { fiberKm: 50, lossDbPerKm: 0.21 },
  detectorEfficiency: 0.045,
  darkCount: 8.5e-7,
  afterpulse: 0,
  afterpulseGates: 1,
  deadGates: 0,
  misalignment: 0.033,
  intensities: [0.39, 0.175, 0],
  intensityProbabilities: [0.17, 0.57, 0.26],
  keyBasisProbability: 0.75,
  reconciliation: 'option3',
  frameBits: 10_000,
  groups: 3,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};

/**
 * The model of Lim, Curty, Walenta, Xu and Zbinden, PRA 89, 022307 (2014), at 100 km and some 10⁷ sifted bits. The clock and
 * the decay of afterpulses are ours; the paper books afterpulses to the pulse that caused them, here they fall on later ones.
 */
export const lim2014: WeakPulseProfile = {
  name: 'lim-2014',
  source: 'weak-pulses',
  gateHz: 1e9,
  lossDb: 0,
  fiber: { fiberKm: 100, lossDbPerKm: 0.2 },
  detectorEfficiency: 0.1,
  darkCount: 6e-7,
  afterpulse: 0.04,
  afterpulseGates: 1000,
  deadGates: 0,
  misalignment: 5e-3,
  intensities: [0.42, 0.21, 2e-4],
  intensityProbabilities: [0.4, 0.42, 0.18],
  keyBasisProbability: 0.85,
  reconciliation: 'option3',
  frameBits: 10_000,
  groups: 31,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};

/**
 * Micius to Xinglong: Liao et al., "Satellite-to-ground quantum key distribution", Nature 549, 43 (2017). 100 MHz; intensities
 * 0.8, 0.1 and 0 in the ratio 2 : 1 : 1; bases even; a beam of 10 µrad to a telescope of 1 m from 1,200 km to 645 km and back;
 * detectors of 50 % behind optics of 16 % (8 dB), air 3 to 8 dB. One such pass a night. Published: 273 s, 1.67·10⁶
 * sifted bits (both bases), QBER 1.1 %. Pointing (1.3 dB; published: below 3), dark counts with background, and misalignment
 * are chosen to fit these.
 */
export const micius: WeakPulseProfile = {
  name: 'micius-2017',
  source: 'weak-pulses',
  gateHz: 1e8,
  lossDb: 9.3,
  satellite: {
    orbitHeightKm: 500, maxElevationDeg: 48.6, minElevationDeg: 20, passIntervalSeconds: 86_400,
    divergenceMicroradians: 10, receiverDiameterMeters: 1, zenithLossDb: 3,
  },
  detectorEfficiency: 0.5,
  darkCount: 2e-7,
  afterpulse: 0.005,
  afterpulseGates: 100,
  deadGates: 5,
  misalignment: 0.007,
  intensities: [0.8, 0.1, 0],
  intensityProbabilities: [0.5, 0.25, 0.25],
  keyBasisProbability: 0.5,
  reconciliation: 'option3',
  frameBits: 10_000,
  groups: 2,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};
