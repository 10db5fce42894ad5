/** A site's work in a round, the same for a worker on the network and for a simulation: train, hide what the study hides, encode. */
import { encodeUpdate, type Study } from '@epione/protocol';
import type { RandomBytes } from '../keys/seed-lock.js';
import { isHidden, trainHidden } from '../privacy/hidden-round.js';
import type { HiddenUpdate } from '../privacy/site-update.js';
import { seededRandom } from '../random.js';
import { trainLocally, type LocalRound, type Trained } from '../training/local-strategy.js';
import { loadTf } from '../training/tf.js';

/** What a site trains with in a round. */
export interface LocalTask extends Omit<LocalRound, 'random'> {
  /** With round and MSP ID it fixes the order of rows. */
  readonly seed: string;
  readonly round: number;
  readonly mspId: string;
  /** Name of the person behind each row. */
  readonly persons: readonly string[];
  /** Clipping norm that this site's last update left; undefined before its first. */
  readonly norm: number | undefined;
  /** Of a secure source wherever an update leaves a site: they are its noise. */
  readonly bytes: RandomBytes;
}

/** An update before encoding; with a privacy budget, which the caller has charged, the clipping norm to go on with. */
export type RoundUpdate = Trained & Partial<Pick<HiddenUpdate, 'norm'>>;

/** Trains by the study. @throws as `trainLocally` and `trainHidden`. */
export async function updateOf(study: Study, { seed, round, mspId, persons, norm, bytes, ...given }: LocalTask): Promise<RoundUpdate> {
  const tf = await loadTf();
  const local = { ...given, random: seededRandom('training', seed, round, mspId) };
  return isHidden(study) ? trainHidden(tf, study, { ...local, persons, norm: norm ?? Number(study.privacy.clippingNorm), bytes }) : trainLocally(tf, study, local);
}

/** The words of an update, weighted as the study says. @throws CodedError as `encodeUpdate`. */
export const wordsOf = (study: Study, { update }: Pick<RoundUpdate, 'update'>, rows: number): Uint8Array =>
  encodeUpdate(update, study.encoding, study.strategy.weighting === 'uniform' ? 1 : rows);
