/** A site's whole update, clipped and noised, so that not even the site's presence shows (McMahan et al. 2018, arXiv 1710.06963). Every site takes part in every round, so nothing is gained by sampling. */
import { shareOfVariance, vectorNoiseOf, type BudgetTerms, type Study } from '@epione/protocol';
import { clipFactor, normOf, normToClipTo } from './clip.js';
import { adapted } from './dp-sgd.js';
import { roundingRoom, withNoise } from './gaussian-noise.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { RandomBits } from './random-bits.js';

/** An update that may leave the site, and the clipping norm to go on with. */
export interface HiddenUpdate {
  readonly update: Float64Array;
  readonly norm: number;
}

/** The parts of a study that hiding an update reads. */
export interface SiteRecipe extends Pick<Study, 'encoding'> {
  readonly privacy: BudgetTerms;
}

/**
 * Hides an update.
 * @param norm clipping norm of this round.
 * @param survivors 1 where others see this update itself. Where they see only a sum (masked mode): the fewest sites whose noise is in it, as
 * each then adds its share of the variance, and drop-outs beyond that fail the round rather than thin the noise.
 * @throws RangeError for an update that is not finite.
 */
export function hideUpdate({ privacy, encoding }: SiteRecipe, update: Float64Array, norm: number, survivors: number, bytes: RandomBytes): HiddenUpdate {
  const random = new RandomBits(bytes);
  const whole = vectorNoiseOf(privacy) * norm;
  const deviation = Math.sqrt(shareOfVariance(whole ** 2, survivors));
  const limit = normToClipTo(norm, roundingRoom(deviation, update.length));
  const factor = clipFactor(normOf(update), limit);
  const next = adapted(privacy, norm, factor === 1 ? 0.5 : -0.5, 1, random);
  // Beyond this norm, noise could exceed the encoding.
  const largest = Number(encoding.clip) / (1 + 10 * vectorNoiseOf(privacy));
  return { update: withNoise(update.map((value) => value * factor), deviation, random), norm: Math.min(next, largest) };
}
