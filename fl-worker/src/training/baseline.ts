/** What federated training is measured against: the same loop on one hospital's rows, or on all rows in one place. */
import type { Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import { concordance, coxLoss } from './models/cox.js';
import { metricsOf, type Metrics, type SurvivalMetrics } from './metrics.js';
import { loadTf } from './tf.js';
import { predict, train } from './train.js';

/** Joins data sets of one study row by row. @throws WorkerError DATA_INVALID when their widths differ. */
export function pooled(parts: readonly Dataset[]): Dataset {
  const width = parts[0]?.width ?? 0;
  if (parts.some((part) => part.width !== width)) throw new WorkerError('DATA_INVALID', 'data sets of different widths cannot be pooled');
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const features = new Float32Array(rows * width);
  const labels = new Float32Array(rows);
  const events = parts.some((part) => part.events !== undefined) ? new Float32Array(rows) : undefined;
  let at = 0;
  for (const part of parts) {
    features.set(part.features, at * width);
    labels.set(part.labels, at);
    events?.set(part.events ?? [], at);
    at += part.rows;
  }
  return { rows, width, features, labels, ...(events === undefined ? {} : { events }), ids: parts.flatMap((part) => [...part.ids]) };
}

/** Trains without federation for as many rounds as the study has, each of its local epochs; returns the parameters. */
export async function trainAlone(study: Pick<Study, 'model' | 'training' | 'rounds'>, initial: Float32Array, data: Dataset, seed: string): Promise<Float32Array> {
  const tf = await loadTf();
  let parameters = initial;
  for (let round = 1; round <= study.rounds.count; round++) parameters = await train(tf, study, parameters, data, seededRandom('alone', seed, round));
  return parameters;
}

/** Metrics of a model that classifies on a data set. */
export async function evaluate(study: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset): Promise<Metrics> {
  return metricsOf(await predict(await loadTf(), study, parameters, data), data.labels, study.model.outputs);
}

/** Metrics of a Cox model on a data set. */
export async function evaluateSurvival(study: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset): Promise<SurvivalMetrics> {
  const scores = await predict(await loadTf(), study, parameters, data);
  const events = data.events ?? [];
  return { concordance: concordance(scores, data.labels, events), logLoss: coxLoss(scores, data.labels, events).loss, rows: data.rows };
}

/** Metrics of any model, of the kind that fits it. */
export const judge = (study: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset): Promise<Metrics | SurvivalMetrics> =>
  study.model.kind === 'cox' ? evaluateSurvival(study, parameters, data) : evaluate(study, parameters, data);
