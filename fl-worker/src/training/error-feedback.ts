/** Error feedback at a site: what compression left of its last counted update is added to its next one (Karimireddy et al. 2019, https://arxiv.org/abs/1901.09847). */
import { CodedError, residualOf, type Study } from '@epione/protocol';
import type { Trained } from './local-strategy.js';

const feedsBack = ({ encoding: { compression } }: Study): boolean => compression?.errorFeedback === true;

/** What the strategy keeps of what a site carries; the residual lies in front of it. */
export function strategyPart(study: Study, carried: Float64Array | undefined): Float64Array | undefined {
  if (carried === undefined || !feedsBack(study)) return carried;
  return carried.length > study.model.dimension ? carried.subarray(study.model.dimension) : undefined;
}

/**
 * The update with the residual in it, and the residual that it will leave in front of what the strategy keeps.
 * @param carried of this site's last counted round, both parts.
 * @throws CodedError CLIP_EXCEEDED for what training gave, NOT_FINITE.
 */
export function fedBack<T extends Trained>(study: Study, trained: T, carried: Float64Array | undefined): T {
  if (!feedsBack(study)) return trained;
  const { clip } = study.encoding;
  const far = trained.update.findIndex((value) => Math.abs(value) > Number(clip));
  if (far >= 0) throw new CodedError('CLIP_EXCEEDED', `coordinate ${far} of the update is beyond the clip of ${clip}`);
  const update = trained.update.map((value, k) => value + (carried?.[k] ?? 0));
  return { ...trained, update, carried: Float64Array.from([...residualOf(update, study), ...(trained.carried ?? [])]) };
}
