/** A round's training in a study with a privacy budget: hides each patient while it trains, or the whole site's update when it has. */
import type { BudgetTerms, Study } from '@epione/protocol';
import type { RandomBytes } from '../keys/seed-lock.js';
import { difference, trainLocally, type LocalRound, type Trained } from '../training/local-strategy.js';
import type { Tf } from '../training/tf.js';
import { trainPrivately } from './dp-sgd.js';
import { hideUpdate, type HiddenUpdate } from './site-update.js';

/** A study with a budget. */
export type HiddenStudy = Study & { readonly privacy: BudgetTerms };

/** Whether a study has a budget. */
export const isHidden = (study: Study): study is HiddenStudy => study.privacy.unit !== 'none';

/** A round as private training sees it. */
export interface HiddenRound extends LocalRound {
  /** Name of the person behind each row. */
  readonly persons: readonly string[];
  /** Clipping norm to begin with. */
  readonly norm: number;
  /** Of a secure source. */
  readonly bytes: RandomBytes;
}

/** Sites whose noise is surely in what others see: the own one in visible mode, the smallest sealed set where only a sum is seen. */
const survivorsOf = ({ aggregation, quorums }: Study): number => (aggregation.mode === 'masked' ? quorums.submit : 1);

/** @throws as `trainLocally` and `trainPrivately`. */
export async function trainHidden(tf: Tf, study: HiddenStudy, round: HiddenRound): Promise<Trained & HiddenUpdate> {
  const { base, data, persons, norm, bytes, onEpoch } = round;
  if (study.privacy.unit === 'site') {
    const { update, ...kept } = await trainLocally(tf, study, round);
    return { ...kept, ...hideUpdate(study, update, norm, survivorsOf(study), bytes) };
  }
  const trained = await trainPrivately(tf, study, base, data, persons, norm, bytes, onEpoch);
  return { update: difference(trained.parameters, base), norm: trained.norm };
}
