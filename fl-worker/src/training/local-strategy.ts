/** A participant's side of each strategy: what it trains with, what it sends, and what it keeps for its next round. */
import { CodedError, fairUpdate, nextVariate, setting, settingsOf, statementDigest, type Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import type { SeededRandom } from '../random.js';
import { divided, firstLocal, hasLocal, joined } from './local-tensors.js';
import { metricsOf } from './metrics.js';
import type { Tf } from './tf.js';
import { predict, train } from './train.js';

/** A round as local training sees it. */
export interface LocalRound {
  readonly base: Float32Array;
  /** The server strategy's state. */
  readonly state: Float64Array;
  /** What this site's last round left; undefined in its first. */
  readonly carried: Float64Array | undefined;
  readonly data: Dataset;
  readonly random: SeededRandom;
  /** Told after every pass over the rows (1 to localEpochs). */
  readonly onEpoch?: ((epoch: number) => void) | undefined;
}

/** What a round's training gives. */
export interface Trained {
  /** The update's coordinates, before encoding. */
  readonly update: Float64Array;
  /** For this site's next round. */
  readonly carried?: Float64Array;
}

/** What training changed, as float64. Copied first: `Float64Array.from` with a function goes through an iterator, and takes six times as long. */
export const difference = (local: Float32Array, base: Float32Array): Float64Array => new Float64Array(local).map((parameter, k) => parameter - (base[k] ?? 0));

/** @throws CodedError NORM_EXCEEDED for an update that every aggregator would exclude. */
function assertShort(study: Study, update: Float64Array): void {
  const most = settingsOf(study).get('maxNorm');
  const length = Math.sqrt(update.subarray(0, study.model.dimension).reduce((sum, value) => sum + value * value, 0));
  if (most !== undefined && length > most) throw new CodedError('NORM_EXCEEDED', `the update is longer than the study's maxNorm of ${most}`);
}

/** Trains from the shared base and this site's own tensors; a site begins with tensors drawn from the study's digest, as every other. */
async function trainShared(tf: Tf, study: Study, { base, carried, data, random, onEpoch }: LocalRound): Promise<Trained & { readonly from: Float32Array }> {
  if (!hasLocal(study.model)) return { update: difference(await train(tf, study, base, data, random, { onEpoch }), base), from: base };
  const from = joined(study.model, base, carried ?? firstLocal(study.model, data.width, statementDigest('study', study)));
  const { shared, local } = divided(study.model, await train(tf, study, from, data, random, { onEpoch }));
  return { update: difference(shared, base), carried: Float64Array.from(local), from };
}

async function scaffold(tf: Tf, study: Study, { base, state, carried, data, random, onEpoch }: LocalRound): Promise<Trained> {
  const own = carried ?? new Float64Array(study.model.dimension);
  const delta = difference(await train(tf, study, base, data, random, { onEpoch, drift: Float32Array.from(state, (value, k) => value - (own[k] as number)) }), base);
  const { localEpochs, batchSize, learningRate } = study.training;
  const next = nextVariate(own, state, delta, localEpochs * Math.ceil(data.rows / batchSize), Number(learningRate));
  const update = new Float64Array(2 * delta.length);
  update.set(delta);
  update.set(next.map((value, k) => value - (own[k] as number)), delta.length);
  return { update, carried: next };
}

async function fair(tf: Tf, study: Study, round: LocalRound): Promise<Trained> {
  const { update, from, ...kept } = await trainShared(tf, study, round);
  const { logLoss } = metricsOf(await predict(tf, study, from, round.data), round.data.labels, study.model.outputs);
  return { ...kept, update: fairUpdate(update, setting(settingsOf(study), 'q'), logLoss, 1 / Number(study.training.learningRate)) };
}

/**
 * Trains by the study's strategy.
 * @throws as `train`; CodedError NORM_EXCEEDED.
 */
export async function trainLocally(tf: Tf, study: Study, round: LocalRound): Promise<Trained> {
  const { name } = study.strategy;
  const trained: Trained = name === 'scaffold' ? await scaffold(tf, study, round) : name === 'qfedavg' ? await fair(tf, study, round) : await trainShared(tf, study, round);
  assertShort(study, trained.update);
  return trained;
}
