/**
 * Entangled photon pairs from parametric down-conversion, with all their multi-pair terms. The state is two two-mode
 * squeezed vacua; to find a set of threshold detectors silent is a Gaussian operator, whose mean is one over a 2 × 2
 * determinant. For equal bases this is the law of Ma, Fung and Lo, PRA 76, 012307 (2007), section III.
 */
import type { PairProfile, Profile } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import type { Eve } from './eve.js';
import type { Gate } from './gate.js';
import type { Setting } from './setting.js';

/** What the ends chose: Alice's basis (bit 0), Bob's (bit 1), and whether Bob's was turned (bit 2). */
const aliceBasis = (code: number): number => code & 1;
const bobBasis = (code: number): number => (code >> 1) & 1;
const turnedBit = (code: number): number => (code >> 2) & 1;

/** How strongly the outcomes of two ends are correlated, as the cosine of an angle, and how often. */
interface Correlation {
  readonly weight: number;
  readonly cosine: number;
}

/** Phases by which Eve's measurement is averaged: exact for up to seven photons. */
const PHASES = 8;

/** The correlations for bases at two angles on the Bloch sphere, when Eve measures a share of Bob's photons at 0 or π/2. */
const correlations = (alice: number, bob: number, eve: Eve): Correlation[] => {
  const untouched = Math.cos(alice - bob);
  if (eve.attack !== 'intercept-resend') return [{ weight: 1, cosine: untouched }];
  // To count photons in a basis and to send on as many is to make the phase between its two states random.
  const measured = [0, Math.PI / 2].flatMap((basis) => Array.from({ length: PHASES }, (_, k) => ({
    weight: eve.fraction / (2 * PHASES),
    cosine: Math.cos(alice - basis) * Math.cos(bob - basis) + Math.cos((2 * Math.PI * k) / PHASES) * Math.sin(alice - basis) * Math.sin(bob - basis),
  })));
  return [{ weight: 1 - eve.fraction, cosine: untouched }, ...measured];
};

/** What is left of the two modes of one end when the detectors of a set must stay silent: mean, half difference, product. */
const filter = (silent: number, efficiency: number): { mean: number; half: number; product: number } => {
  const [a, b] = [silent & 1 ? 1 - efficiency : 1, silent & 2 ? 1 - efficiency : 1];
  return { mean: (a + b) / 2, half: (a - b) / 2, product: a * b };
};

const bitsIn = (set: number): number => (set === 0 ? 0 : (set & 1) + bitsIn(set >> 1));

/** For each set of the detectors 0 and 1 (Alice's), 2 and 3 (Bob's) the probability that exactly they click. */
const pairLaw = (cases: readonly Correlation[], { meanPairs, darkCount }: PairProfile, aliceEfficiency: number, bobEfficiency: number): number[] => {
  const squeezing = meanPairs / (2 + meanPairs);
  const law = Array.from({ length: 16 }, (_, set) => {
    const [a, b] = [filter(set & 3, aliceEfficiency), filter(set >> 2, bobEfficiency)];
    const silent = cases.reduce((sum, { weight, cosine }) =>
      sum + weight / (1 - 2 * squeezing * (a.mean * b.mean + a.half * b.half * cosine) + squeezing ** 2 * a.product * b.product), 0);
    return (1 - squeezing) ** 2 * silent * (1 - darkCount) ** bitsIn(set);
  });
  // law[s]: all of s are silent, the others do what they like. Detector by detector, that becomes: the others click.
  for (const detector of [1, 2, 4, 8]) {
    for (let set = 0; set < 16; set++) if ((set & detector) === 0) law[set] = Math.max(0, (law[set] ?? 0) - (law[set | detector] ?? 0));
  }
  return law.reverse();
};

/** The settings of one gate. Turned by 22.5°, Bob's bases lie between Alice's, where Bell's inequality is broken most. */
export const pairSettings = (profile: PairProfile, eve: Eve): Setting[] => {
  const efficiency = (lossDb: number): number => profile.detectorEfficiency * 10 ** (-lossDb / 10);
  const error = Math.acos(1 - 2 * profile.misalignment);
  const basisProbability = [profile.keyBasisProbability, 1 - profile.keyBasisProbability];
  return Array.from({ length: 8 }, (_, code) => {
    const [a, b, turned] = [aliceBasis(code), bobBasis(code), turnedBit(code)];
    const bobProbability = turned ? profile.bellProbability / 2 : (1 - profile.bellProbability) * (basisProbability[b] ?? 0);
    const cases = correlations((a * Math.PI) / 2, (b * Math.PI) / 2 - (turned * Math.PI) / 4 + error, eve);
    return { code, probability: (basisProbability[a] ?? 0) * bobProbability, law: pairLaw(cases, profile, efficiency(profile.aliceLossDb), efficiency(profile.lossDb)) };
  });
};

/** Why an attack makes no sense on a source, if so: Eve may own a pair source, and its bright light is not modelled. */
export const attackFault = ({ source, name }: Profile, { attack }: Eve): string | undefined =>
  source === 'photon-pairs' && (attack === 'photon-number-splitting' || attack === 'blinding')
    ? `${attack} is an attack on weak pulses, and ${name} has photon pairs` : undefined;

/** A coincidence as a `Gate`. Two clicks at Alice's are a random bit, as at Bob's. */
export const pairGate = (code: number, random: RandomNumbers): Gate => {
  const alicePattern = (code >> 4) & 3;
  const bit = alicePattern === 3 ? random.bit() : alicePattern - 1;
  return aliceBasis(code) | (bit << 1) | (bobBasis(code) << 4) | ((code >> 6) << 5) | (turnedBit(code) << 7);
};
