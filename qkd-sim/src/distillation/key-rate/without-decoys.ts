/**
 * The asymptotic key rate of weak pulses without decoy states, after Gottesman, Lo, Lütkenhaus and Preskill, QIC 4, 325
 * (2004): every pulse of more than one photon is taken to have reached Bob, and to be Eve's.
 */
import { entropy } from '../finite-key.js';

/** What is known of the link. */
export interface WithoutDecoys {
  /** Share of the pulses that click, and of the sifted bits that are wrong, 0 to 1. */
  readonly gain: number;
  readonly qber: number;
  /** Mean photon number of a pulse. */
  readonly intensity: number;
  /** Efficiency of reconciliation, at least 1. */
  readonly efficiency: number;
}

/** Secret bits for each sifted bit, 0 when there are none. */
export const rateWithoutDecoys = ({ gain, qber, intensity, efficiency }: WithoutDecoys): number => {
  const several = 1 - Math.exp(-intensity) * (1 + intensity);
  const untagged = 1 - several / gain;
  if (untagged <= 0 || qber >= untagged / 2) return 0;
  return Math.max(0, untagged * (1 - entropy(qber / untagged)) - efficiency * entropy(qber));
};
