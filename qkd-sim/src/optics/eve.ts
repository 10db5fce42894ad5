/**
 * What Eve can do to a link, and what Bob's detectors then see of a pulse. She knows the physics of the link and hides as
 * well as her attack lets her: the rate of clicks stays what it was, as long as she can.
 */
import { z } from 'zod';
import type { WeakPulseProfile } from '../profiles/profile.js';
import { type PatternLaw, mixture, photonLaw, poissonLaw } from './pattern-law.js';

const share = z.number().min(0).max(1);
/** Messages of the classical channel that have bytes to change. */
export const alterableMessages = ['start', 'ready', 'detections', 'kept', 'estimate', 'parities', 'differences', 'verify', 'amplify', 'tag'] as const;

/** One attack at a time, as the operator asks for it. */
export const eveSchema = z.discriminatedUnion('attack', [
  z.strictObject({ attack: z.literal('off') }),
  /** Measures a share of the pulses in a random basis and sends on what she saw. */
  z.strictObject({ attack: z.literal('intercept-resend'), fraction: share }),
  /**
   * Of a share of the pulses she keeps one photon of several and blocks single ones; her own fibre of `fiberLossDb` hides it.
   */
  z.strictObject({ attack: z.literal('photon-number-splitting'), fraction: share.default(1), fiberLossDb: z.number().min(0).default(0) }),
  /** Holds Bob's detectors blind with bright light and makes them click with brighter pulses of what she has measured. */
  z.strictObject({ attack: z.literal('blinding') }),
  /** Reads Alice's settings from light that she shines into her device: so many bits of each pulse in the key. */
  z.strictObject({ attack: z.literal('trojan-horse'), bitsPerPulse: share }),
  /** Sits in the classical channel and changes a bit of one kind of message, or sends that of the block before instead. */
  z.strictObject({ attack: z.literal('tamper'), message: z.enum(alterableMessages).default('amplify') }),
  z.strictObject({ attack: z.literal('replay'), message: z.enum(alterableMessages).default('tag') }),
]);

export type Eve = z.output<typeof eveSchema>;

/** Nobody listens. */
export const noEve: Eve = { attack: 'off' };

/** The law of the patterns of one gate, of the intensity that Alice sent, whether the bases are equal, and her bit. */
export type PulseLaw = (intensity: number, sameBasis: boolean, bit: number) => PatternLaw;

/** The part of the light that the channel and the detectors leave, 0 to 1; `lossDb` is the whole loss now. */
const transmittanceOf = (profile: WeakPulseProfile): number => profile.detectorEfficiency * 10 ** (-profile.lossDb / 10);

/** The share of the light that goes to detector 0. */
const shareOf = ({ misalignment }: WeakPulseProfile, sameBasis: boolean, bit: number): number =>
  sameBasis ? (bit === 0 ? 1 - misalignment : misalignment) : 0.5;

const undisturbed = (profile: WeakPulseProfile): PulseLaw => (intensity, sameBasis, bit) =>
  poissonLaw(intensity * transmittanceOf(profile), shareOf(profile, sameBasis, bit), profile.darkCount);

const interceptResend = (profile: WeakPulseProfile, fraction: number): PulseLaw => (intensity, sameBasis, bit) => {
  const { misalignment } = profile;
  const to = (share0: number): PatternLaw => poissonLaw(intensity * transmittanceOf(profile), share0, profile.darkCount);
  // Eve in the right basis changes nothing; in the wrong one, Bob gets a state of the other basis.
  if (sameBasis) return mixture([[1 - fraction / 2, to(shareOf(profile, true, bit))], [fraction / 2, to(0.5)]]);
  // Eve in Bob's basis sends a definite but random bit of it.
  return mixture([[1 - fraction / 2, to(0.5)], [fraction / 4, to(1 - misalignment)], [fraction / 4, to(misalignment)]]);
};

/** Σ over n ≥ 2 of the Poisson law · z^(n−1): one photon of several is Eve's. */
const severalLessOne = (mean: number, z: number): number => (z === 0 ? 0 : (Math.exp(-mean) * (Math.expm1(mean * z) - mean * z)) / z);

/** How much of the single photons and of the others Eve lets through, so that Bob clicks as often as before. */
export const splittingYields = (profile: WeakPulseProfile, fiberLossDb: number): { single: number; several: number } => {
  const efficiency = profile.detectorEfficiency * 10 ** (-fiberLossDb / 10);
  const mean = (of: (intensity: number) => number): number =>
    profile.intensities.reduce((sum, intensity, k) => sum + (profile.intensityProbabilities[k] ?? 0) * of(intensity), 0);
  const wanted = mean((x) => -Math.expm1(-x * transmittanceOf(profile)));
  const several = mean((x) => severalLessOne(x, 1) - severalLessOne(x, 1 - efficiency));
  const single = mean((x) => Math.exp(-x) * x * efficiency);
  const passed = Math.min(1, wanted / several);
  return { several: passed, single: Math.min(1, Math.max(0, (wanted - passed * several) / single)) };
};

const photonNumberSplitting = (profile: WeakPulseProfile, fraction: number, fiberLossDb: number): PulseLaw => {
  const { single, several } = splittingYields(profile, fiberLossDb);
  const efficiency = profile.detectorEfficiency * 10 ** (-fiberLossDb / 10);
  const alone = undisturbed(profile);
  return (intensity, sameBasis, bit) => {
    const generating = (z: number): number =>
      Math.exp(-intensity) * (1 + intensity * (1 - single + single * z))
      + (1 - several) * severalLessOne(intensity, 1) + several * severalLessOne(intensity, z);
    const split = photonLaw(generating, efficiency, shareOf(profile, sameBasis, bit), profile.darkCount);
    return mixture([[1 - fraction, alone(intensity, sameBasis, bit)], [fraction, split]]);
  };
};

/**
 * Blinded detectors see no single photon and have no dark counts. In Eve's basis her pulse makes one of them click, in
 * the other half of it reaches each, which is too little for either: half of the gates, which the loss that she has
 * saved pays for. She answers each photon number, and errs, as the link did.
 */
const blinding = (profile: WeakPulseProfile): PulseLaw => {
  const efficiency = Math.min(1, 2 * transmittanceOf(profile));
  return (intensity, sameBasis, bit) => {
    const click = -Math.expm1(-intensity * efficiency) / 2;
    const share0 = shareOf(profile, sameBasis, bit);
    return [1 - click, click * share0, click * (1 - share0), 0];
  };
};

/** What Bob's detectors see of a pulse while Eve does this. */
export const pulseLaw = (profile: WeakPulseProfile, eve: Eve): PulseLaw => {
  switch (eve.attack) {
    case 'intercept-resend': return interceptResend(profile, eve.fraction);
    case 'photon-number-splitting': return photonNumberSplitting(profile, eve.fraction, eve.fiberLossDb);
    case 'blinding': return blinding(profile);
    // Not in the light on its way to Bob.
    case 'off': case 'trojan-horse': case 'tamper': case 'replay': return undisturbed(profile);
  }
};
