/** What the check basis tells about the channel, and whether to go on. */
import type { Counts } from './finite-key.js';

/** Bits compared before a block may be refused early. */
const EARLY_SAMPLE = 1000;

const total = (counts: Counts['check']): number => counts.reduce((sum, count) => sum + count, 0);

/** The quantum bit error rate of the check basis, 0 to 1; undefined before anything was compared. */
export const measuredQber = ({ check, checkErrors }: Counts): number | undefined =>
  total(check) === 0 ? undefined : total(checkErrors) / total(check);

/**
 * Whether the error rate is above the limit beyond five standard deviations: then a block is given up before it is
 * full. An abort is always safe; a false one happens with a probability below 3·10⁻⁷ a look.
 */
export const clearlyAbove = (counts: Counts, maxQber: number): boolean => {
  const samples = total(counts.check);
  const qber = measuredQber(counts) ?? 0;
  return samples >= EARLY_SAMPLE && qber - 5 * Math.sqrt((maxQber * (1 - maxQber)) / samples) > maxQber;
};
