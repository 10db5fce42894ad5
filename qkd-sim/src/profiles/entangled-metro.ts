/**
 * A source of entangled pairs between two sites: gated down-conversion at 1 GHz with detectors like those of products of
 * 2026, and mean pairs near the optimum of Ma, Fung and Lo, PRA 76, 012307 (2007). Not a published system.
 */
import type { PairProfile } from './profile.js';

/** Bob at 5 dB (25 km of fibre), the source 2 dB from Alice. */
export const entangledMetro: PairProfile = {
  name: 'entangled-metro',
  source: 'photon-pairs',
  gateHz: 1e9,
  lossDb: 5,
  aliceLossDb: 2,
  detectorEfficiency: 0.2,
  darkCount: 1e-6,
  afterpulse: 0.01,
  afterpulseGates: 1000,
  deadGates: 20,
  misalignment: 0.01,
  meanPairs: 0.04,
  keyBasisProbability: 0.8,
  bellProbability: 0.1,
  reconciliation: 'option3',
  frameBits: 10_000,
  groups: 1,
  secrecyEpsilon: 1e-10,
  correctnessEpsilon: 1e-15,
  maxQber: 0.11,
};
