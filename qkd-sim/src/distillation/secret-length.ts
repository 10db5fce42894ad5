/** The length of the secret key of a block, by the proof that fits the source of its link. */
import type { Profile } from '../profiles/profile.js';
import { type Counts, keyLength } from './finite-key.js';
import { tomamichelLength } from './tomamichel.js';

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/**
 * Secret bits of a block, from what was counted; 0 or less means none.
 * @param disclosedBits every parity and hash bit that was sent about the key
 */
export const secretLength = (counts: Counts, profile: Profile, disclosedBits: number): number => {
  if (profile.source === 'weak-pulses') return keyLength(counts, profile, disclosedBits).bits;
  return tomamichelLength({ keyBits: sum(counts.key), checkBits: sum(counts.check), checkErrors: sum(counts.checkErrors) }, profile, disclosedBits);
};
