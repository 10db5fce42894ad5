/** The law of one gate: which settings and which click pattern occur together, and how often. */
import type { Profile } from '../profiles/profile.js';
import type { Eve } from './eve.js';
import { pairSettings } from './photon-pairs.js';
import type { Setting } from './setting.js';
import { weakPulseSettings } from './weak-pulses.js';

/** A weighted outcome: code of the settings, and above it the detectors that click. */
export interface Outcome {
  readonly code: number;
  readonly weight: number;
}

/** The law of one gate. */
export interface ClickTable {
  /** Probability that at least one detector clicks. */
  readonly clickProbability: number;
  /** The settings and patterns of a gate that clicks. */
  readonly clicks: readonly Outcome[];
  /** The settings of a gate that stays silent. */
  readonly silences: readonly Outcome[];
}

/** Where the pattern stands in an outcome's code: above the settings. */
export const PATTERN_SHIFT = { 'weak-pulses': 5, 'photon-pairs': 4 } as const;

const settingsOf = (profile: Profile, eve: Eve): Setting[] => (profile.source === 'weak-pulses' ? weakPulseSettings(profile, eve) : pairSettings(profile, eve));

/** The table of a link while `lossDb` is its whole loss, and while Eve does something to it, or nothing. */
export const clickTable = (profile: Profile, eve: Eve): ClickTable => {
  const outcomes = settingsOf(profile, eve).flatMap(({ code, probability, law }) =>
    law.map((share, pattern) => ({ pattern, outcome: { code: code | (pattern << PATTERN_SHIFT[profile.source]), weight: probability * share } })));
  const clicks = outcomes.filter(({ pattern, outcome }) => pattern > 0 && outcome.weight > 0).map(({ outcome }) => outcome);
  const silences = outcomes.filter(({ pattern }) => pattern === 0).map(({ outcome }) => outcome);
  return { clickProbability: clicks.reduce((sum, { weight }) => sum + weight, 0), clicks, silences };
};
