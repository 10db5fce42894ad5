/** After the last round: how good the final model is on rows that this site kept apart, and next to it a copy that was trained on here and stays here. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError, encodeModel, type Digest } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { seededRandom } from '../random.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { judge } from '../training/baseline.js';
import { strategyPart } from '../training/error-feedback.js';
import { firstLocal, hasLocal, joined } from '../training/local-tensors.js';
import type { Metrics, SurvivalMetrics } from '../training/metrics.js';
import { loadTf } from '../training/tf.js';
import { train } from '../training/train.js';
import { consentedRows } from './consented-rows.js';
import { baseModel, type StudyInForce } from './course.js';
import { codeOf } from './refusal.js';

/** What a site learns of the final model by its own rows. */
export interface Evaluation {
  /** The final model, with this site's own tensors where the study has such. */
  readonly global: Metrics | SurvivalMetrics;
  readonly fineTuned?: Metrics | SurvivalMetrics;
}

/** Where the fine-tuned model lies in the state folder: float32 little-endian, all tensors in the study's order. */
export const fineTunedFile = 'fine-tuned-model.f32';

async function evaluateBoth(site: Site, study: StudyInForce, { carried }: StudyState, model: Digest, training: Dataset, test: Dataset): Promise<Evaluation> {
  const { document, digest } = study;
  const { seed, mspId, state: folder, data: settings } = site.config;
  const shared = await baseModel(site, study, model);
  const own = strategyPart(document, carried.before(document.rounds.count + 1));
  const parameters = hasLocal(document.model) ? joined(document.model, shared, own ?? firstLocal(document.model, training.width, digest)) : shared;
  const global = await judge(document, parameters, test);
  const localEpochs = settings?.fineTuneEpochs ?? 0;
  if (localEpochs === 0) return { global };
  const { data } = await consentedRows(site, study, { opened: { openedAt: site.now() }, openedBy: [] }, training);
  const tuned = await train(await loadTf(), { ...document, training: { ...document.training, localEpochs } }, parameters, data, seededRandom('fine-tuning', seed, mspId));
  await writeFile(join(folder, fineTunedFile), encodeModel(tuned), { mode: 0o600 });
  return { global, fineTuned: await judge(document, tuned, test) };
}

/**
 * Evaluates the final model and, with `data.fineTuneEpochs`, a copy trained on for so many epochs on the rows whose consent is in force now.
 * A missing model, consent or ledger costs the evaluation and no more: it is told, and the answer is undefined.
 * @param test rows that no training has seen.
 */
export async function evaluateAtEnd(site: Site, study: StudyInForce, state: StudyState, model: Digest, training: Dataset, test: Dataset): Promise<Evaluation | undefined> {
  try {
    const evaluation = await evaluateBoth(site, study, state, model, training, test);
    const tell = (of: string, metrics: Metrics | SurvivalMetrics): void => { site.report('evaluated', { of, ...metrics }); };
    tell('global model', evaluation.global);
    if (evaluation.fineTuned !== undefined) tell('fine-tuned model', evaluation.fineTuned);
    return evaluation;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    site.report('no evaluation', { model, code: codeOf(error), message: error.message });
    return undefined;
  }
}
