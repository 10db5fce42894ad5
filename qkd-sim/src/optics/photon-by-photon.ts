/** Weak pulses one gate after the other, each photon on its own: the reference for `weakPulseSettings`. */
import type { WeakPulseProfile } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import { type Eve, splittingYields } from './eve.js';
import type { RawGate } from './raw-gate.js';

/** A pulse on its way: its photons, the state that they are in, and how much of them Bob's detectors will see. */
interface Pulse {
  photons: number;
  basis: number;
  state: number;
  transmittance: number;
}

const poisson = (mean: number, random: RandomNumbers): number => {
  let count = 0;
  let weight = Math.exp(-mean);
  for (let left = random.uniform() - weight; left > 0; left -= weight) weight *= mean / ++count;
  return count;
};

export const photonByPhoton = (profile: WeakPulseProfile, random: RandomNumbers, eve: Eve): (() => RawGate) => {
  const chance = (probability: number): boolean => random.uniform() < probability;
  const seen = profile.detectorEfficiency * 10 ** (-profile.lossDb / 10);
  const attack = attackOf(profile, random, eve);
  const [p1, p2] = profile.intensityProbabilities;
  const detectorOf = (pulse: Pulse, bob: number): number => {
    if (pulse.basis !== bob) return random.bit();
    return chance(profile.misalignment) ? 1 - pulse.state : pulse.state;
  };
  return () => {
    const [alice, bob] = [chance(profile.keyBasisProbability) ? 0 : 1, chance(profile.keyBasisProbability) ? 0 : 1];
    const bit = random.bit();
    const which = random.uniform();
    const intensity = which < p1 ? 0 : which < p1 + p2 ? 1 : 2;
    const mean = profile.intensities[intensity];
    const pulse = attack({ photons: poisson(mean, random), basis: alice, state: bit, transmittance: seen }, mean);
    let fired = 0;
    if (eve.attack === 'blinding') {
      // Bright light does what she wants where the bases agree, half of the time, and nothing else happens.
      if (pulse.photons > 0 && chance(0.5)) fired = 1 << detectorOf(pulse, bob);
    } else {
      for (let photon = 0; photon < pulse.photons; photon++) if (chance(pulse.transmittance)) fired |= 1 << detectorOf(pulse, bob);
      for (const detector of [1, 2]) if (chance(profile.darkCount)) fired |= detector;
    }
    return { settings: alice | (bit << 1) | (intensity << 2) | (bob << 4), fired };
  };
};

/** What Eve makes of a pulse of a mean photon number. */
const attackOf = (profile: WeakPulseProfile, random: RandomNumbers, eve: Eve): ((pulse: Pulse, mean: number) => Pulse) => {
  const chance = (probability: number): boolean => random.uniform() < probability;
  switch (eve.attack) {
    case 'intercept-resend': return (pulse, mean) => {
      if (!chance(eve.fraction)) return pulse;
      const basis = random.bit();
      return { ...pulse, basis, state: basis === pulse.basis ? pulse.state : random.bit(), photons: poisson(mean, random) };
    };
    case 'photon-number-splitting': {
      const { single, several } = splittingYields(profile, eve.fiberLossDb);
      const transmittance = profile.detectorEfficiency * 10 ** (-eve.fiberLossDb / 10);
      return (pulse) => {
        if (!chance(eve.fraction)) return pulse;
        const passes = chance(pulse.photons > 1 ? several : single);
        return { ...pulse, transmittance, photons: passes ? pulse.photons - (pulse.photons > 1 ? 1 : 0) : 0 };
      };
    }
    // Her own receiver sees as much as Bob's would, twice over.
    case 'blinding': return (pulse) => ({ ...pulse, photons: Array.from({ length: pulse.photons }, () => chance(Math.min(1, 2 * pulse.transmittance))).filter(Boolean).length });
    // Nothing, or nothing to the light on its way to Bob.
    case 'off': case 'trojan-horse': case 'tamper': case 'replay': return (pulse) => pulse;
  }
};
