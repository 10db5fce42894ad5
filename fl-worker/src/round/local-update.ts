/** A site's work in a round, the same for a worker on the network and for a simulation: train, hide what the study hides, encode. */
import { packUpdate, type Study } from '@epione/protocol';
import type { RandomBytes } from '../keys/seed-lock.js';
import { isHidden, trainHidden } from '../privacy/hidden-round.js';
import type { HiddenUpdate } from '../privacy/site-update.js';
import { seededRandom } from '../random.js';
import { fedBack, strategyPart } from '../training/error-feedback.js';
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

/** Trains by the study; what compression left of the last update is in it. @throws as `trainLocally`, `trainHidden` and `fedBack`. */
export async function updateOf(study: Study, { seed, round, mspId, persons, norm, bytes, carried, ...given }: LocalTask): Promise<RoundUpdate> {
  const tf = await loadTf();
  const local = { ...given, carried: strategyPart(study, carried), random: seededRandom('training', seed, round, mspId) };
  const trained: RoundUpdate = isHidden(study) ? await trainHidden(tf, study, { ...local, persons, norm: norm ?? Number(study.privacy.clippingNorm), bytes }) : await trainLocally(tf, study, local);
  return fedBack(study, trained, carried);
}

/** The bytes of an update that are sealed, weighted and compressed as the study says. @throws CodedError as `packUpdate`. */
export const wordsOf = (study: Study, { update }: Pick<RoundUpdate, 'update'>, rows: number): Uint8Array =>
  packUpdate(update, study, study.strategy.weighting === 'uniform' ? 1 : rows);
