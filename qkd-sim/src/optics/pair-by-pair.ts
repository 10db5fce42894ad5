/** Photon pairs one gate after the other, by the numbers of photons in each mode: the reference for `pairSettings`. */
import type { PairProfile } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import type { Eve } from './eve.js';
import type { RawGate } from './raw-gate.js';

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/**
 * Probability of k of n photons in the first mode of a basis at `angle` (on the Bloch sphere), when m of them were in the
 * first mode before: the square of an element of Wigner's d matrix. Photons bunch, so that it is not binomial.
 */
const turned = (n: number, m: number, k: number, angle: number): number => {
  const [c, s] = [Math.cos(angle / 2), Math.sin(angle / 2)];
  let amplitude = 0;
  for (let i = Math.max(0, k + m - n); i <= Math.min(k, m); i++) {
    const ways = factorial(i) * factorial(m - i) * factorial(k - i) * factorial(n - m - k + i);
    amplitude += ((-1) ** (m - i) / ways) * c ** (n - m - k + 2 * i) * s ** (m + k - 2 * i);
  }
  return amplitude ** 2 * factorial(m) * factorial(n - m) * factorial(k) * factorial(n - k);
};

/** One gate after the other: settings in the places of a `Gate`, and which of Alice's (0, 1) and Bob's (2, 3) detectors fired. */
export const pairByPair = (profile: PairProfile, random: RandomNumbers, eve: Eve): (() => RawGate) => {
  const chance = (probability: number): boolean => random.uniform() < probability;
  const perMode = profile.meanPairs / 2;
  /** The number of pairs in one mode is thermal. */
  const pairs = (): number => Math.floor(Math.log(random.uniform()) / Math.log(perMode / (1 + perMode)));
  const measure = (first: number, second: number, angle: number): [number, number] => {
    const n = first + second;
    let left = random.uniform();
    for (let k = 0; k < n; k++) {
      left -= turned(n, first, k, angle);
      if (left < 0) return [k, n - k];
    }
    return [n, 0];
  };
  const detectorsReached = (modes: readonly number[], efficiency: number): number =>
    modes.reduce((set, photons, detector) => (Array.from({ length: photons }, () => chance(efficiency)).includes(true) ? set | (1 << detector) : set), 0);
  const [aliceEfficiency, bobEfficiency] = [profile.aliceLossDb, profile.lossDb].map((lossDb) => profile.detectorEfficiency * 10 ** (-lossDb / 10));
  const error = Math.acos(1 - 2 * profile.misalignment);

  return () => {
    const a = chance(profile.keyBasisProbability) ? 0 : 1;
    const isTurned = chance(profile.bellProbability) ? 1 : 0;
    const b = isTurned ? random.bit() : chance(profile.keyBasisProbability) ? 0 : 1;
    let angle = (a * Math.PI) / 2;
    const bobAngle = (b * Math.PI) / 2 - (isTurned * Math.PI) / 4 + error;
    const alice = [pairs(), pairs()] as const;
    let bob: readonly [number, number] = alice;
    if (eve.attack === 'intercept-resend' && chance(eve.fraction)) {
      const eveAngle = random.bit() * (Math.PI / 2);
      bob = measure(...bob, eveAngle - angle);
      angle = eveAngle;
    }
    bob = measure(...bob, bobAngle - angle);
    let fired = detectorsReached(alice, aliceEfficiency ?? 0) | (detectorsReached(bob, bobEfficiency ?? 0) << 2);
    for (let detector = 0; detector < 4; detector++) if (chance(profile.darkCount)) fired |= 1 << detector;
    return { settings: a | (b << 4) | (isTurned << 7), fired };
  };
};
