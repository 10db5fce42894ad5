/** Weak coherent pulses with random phases: the settings of one gate, coded as in a `Gate`. */
import type { WeakPulseProfile } from '../profiles/profile.js';
import { type Eve, pulseLaw } from './eve.js';
import { aliceBasis, aliceBit, bobBasis, intensityOf } from './gate.js';
import type { Setting } from './setting.js';

export const weakPulseSettings = (profile: WeakPulseProfile, eve: Eve): Setting[] => {
  const law = pulseLaw(profile, eve);
  const basisProbability = [profile.keyBasisProbability, 1 - profile.keyBasisProbability];
  return Array.from({ length: 32 }, (_, code) => code).filter((code) => intensityOf(code) < 3).map((code) => {
    const [a, b, k] = [aliceBasis(code), bobBasis(code), intensityOf(code) as 0 | 1 | 2];
    const probability = 0.5 * profile.intensityProbabilities[k] * (basisProbability[a] ?? 0) * (basisProbability[b] ?? 0);
    return { code, probability, law: law(profile.intensities[k], a === b, aliceBit(code)) };
  });
};
