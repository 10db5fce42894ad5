/** How much QKD key `mask-otp` takes of a study's links, and what is too much (PROTOCOL section 8, table of costs; decision 0025). */
import { maskSuites } from '../crypto/suites.js';
import { vectorLength } from '../encoding/vector-length.js';
import { updateLength, type AggregationRules } from '../strategy/study-strategy.js';

const { rho, bundle } = maskSuites['mask-otp'];

/** Bytes of a round's piece of a pad behind its mask words. */
export const furtherBytes = rho + 2 * bundle;

/** The most that a study may ask: of one link for an epoch, and of the pads that one reveal may have to give. */
export const padLimits = { linkBytes: 2 ** 18, revealBytes: 2 ** 19 } as const;

/** What of a study decides how long its pads are. */
export interface Padded extends AggregationRules {
  readonly model: { readonly dimension: number };
  readonly encoding: { readonly bits: 32 | 64 };
}

/** P: bytes of pad that two participants use up in a round of a study. */
const padBytesOf = (study: Padded): number => vectorLength(study.encoding.bits, updateLength(study, study.model.dimension)) + furtherBytes;

/** What two participants need for an epoch: P and how many rounds it runs; undefined where a study has no pads. */
export const padNeed = (study: Padded): { readonly bytes: number; readonly rounds: number } | undefined => {
  const { aggregation } = study;
  return aggregation.mode === 'masked' && aggregation.expansion === 'mask-otp' ? { bytes: padBytesOf(study), rounds: aggregation.epochRounds } : undefined;
};

/** What keeps the pads of a study from being had, told with the arithmetic. @param participants of its roster. */
export function padFaults(study: Padded & { readonly quorums: { readonly submit: number } }, participants: number): string[] {
  const need = padNeed(study);
  if (need === undefined) return [];
  const { bytes, rounds } = need;
  const link = bytes * rounds;
  const lost = Math.max(0, participants - study.quorums.submit);
  const faults: string[] = [];
  if (link > padLimits.linkBytes) faults.push(`aggregation.expansion: mask-otp takes ${rounds} rounds * ${bytes} bytes = ${link * 8} bits of QKD key a link and epoch, ${Math.ceil((link * 8) / 600_000)} min of a link of 10 kb/s; at most ${padLimits.linkBytes * 8}: name fewer epochRounds, a smaller model or mask-aes256ctr`);
  if (lost * bytes > padLimits.revealBytes) faults.push(`aggregation.expansion: mask-otp with ${lost} drop-outs makes each of the others reveal ${lost * bytes} bytes of pad, at most ${padLimits.revealBytes}`);
  return faults;
}
