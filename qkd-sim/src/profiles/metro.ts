/** Metropolitan fibre links in the range of products of 2026: 352 to 741 kb/s at 10 dB and a QBER of 2.4 to 3.0 %. */
import type { WeakPulseProfile } from './profile.js';

/** The default: 1 GHz, 10 dB; intensities and probabilities are optimised for this block size. */
export const metro: WeakPulseProfile = {
  name: 'metro-10dB',
  source: 'weak-pulses',
  gateHz: 1e9,
  lossDb: 10,
  detectorEfficiency: 0.2,
  darkCount: 1e-6,
  afterpulse: 0.01,
  afterpulseGates: 1000,
  deadGates: 20,
  misalignment: 0.02,
  intensities: [0.42, 0.2, 2e-4],
  intensityProbabilities: [0.18, 0.56, 0.26],
  keyBasisProbability: 0.78,
  reconciliation: 'option3',
  frameBits: 10_000,
  groups: 3,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};

/** The same link with a third of the block: for tests, at a lower key rate that the finite-key bound makes honest. */
export const metroShort: WeakPulseProfile = { ...metro, name: 'metro-10dB-short', groups: 1 };

/** A slow clock whose blocks take 8 s, so that the link can be run in real time (`pace: real`) and watched. */
export const metroSlow: WeakPulseProfile = {
  ...metro, name: 'metro-10MHz', gateHz: 1e7, deadGates: 10, afterpulse: 0.005, afterpulseGates: 10,
  intensities: [0.47, 0.17, 2e-4], intensityProbabilities: [0.11, 0.55, 0.34], keyBasisProbability: 0.66, frameBits: 3000, groups: 1,
};
