/** What federated training is measured against: the same loop on one hospital's rows, or on all rows in one place. */
import type { Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import { adversaryOf, mislead, type Adversary } from './adversary.js';
import { concordance, coxLoss } from './models/cox.js';
import { metricsOf, type Metrics, type SurvivalMetrics } from './metrics.js';
import { layersOf, toWeights } from './model.js';
import { loadTf } from './tf.js';
import { predict, train, type Recipe } from './train.js';

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

/** Metrics of a model that classifies on rows that were moved to mislead it. */
export async function evaluateAttacked(study: Pick<Study, 'model'>, parameters: Float32Array, data: Dataset, adversary: Adversary): Promise<Metrics> {
  const tf = await loadTf();
  const stages = layersOf(study.model, data.width);
  const weights = toWeights(tf, parameters, stages);
  try {
    return await evaluate(study, parameters, mislead(tf, study.model, stages, weights, data, adversary));
  } finally {
    tf.dispose(weights.flat());
  }
}

/** Metrics of any model, of the kind that fits it; under the study's own attack too, where it trains against one. */
export async function judge(study: Recipe, parameters: Float32Array, data: Dataset): Promise<Metrics | SurvivalMetrics> {
  if (study.model.kind === 'cox') return evaluateSurvival(study, parameters, data);
  const metrics = await evaluate(study, parameters, data);
  const { adversarial } = study.training;
  return adversarial === undefined ? metrics : { ...metrics, robustAccuracy: (await evaluateAttacked(study, parameters, data, adversaryOf(adversarial))).accuracy };
}
