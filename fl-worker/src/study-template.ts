/** From a study file written by people (YAML) and a place to run it to the study document that all members sign. */
import { attesters, leastUpdates, membersOf, outputsFor, readStudy, study, type Study } from '@epione/protocol';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { inputWidth } from './data/dataset.js';
import { WorkerError } from './error.js';
import { describeModel } from './training/model.js';

/** Where and among whom a study runs. */
export type StudyPlace = Pick<Study, 'channel' | 'genesis' | 'chaincode' | 'participants' | 'aggregators' | 'observers'>;

/** What a study file may hold: a study without its place; sizes that follow from features and layers are left out, tensors that stay local named in `model.local`. */
export const studyTemplate = study
  .omit({ channel: true, genesis: true, chaincode: true, participants: true, aggregators: true, observers: true, quorums: true })
  .extend({ model: study.shape.model.omit({ tensors: true, dimension: true, outputs: true }).extend({ local: z.array(z.string()).max(64).optional() }) });
export type StudyTemplate = z.infer<typeof studyTemplate>;

/**
 * Reads a study file.
 * @throws WorkerError STUDY_INVALID with all faults.
 */
export function readStudyTemplate(yaml: string): StudyTemplate {
  let value: unknown;
  try {
    value = parseYaml(yaml, { logLevel: 'error' });
  } catch (cause) {
    throw new WorkerError('STUDY_INVALID', `the study file is not YAML: ${(cause as Error).message}`, { cause });
  }
  const result = studyTemplate.safeParse(value);
  if (result.success) return result.data;
  throw new WorkerError('STUDY_INVALID', result.error.issues.map((issue) => `study.${issue.path.join('.')}: ${issue.message}`).join('; '));
}

/** The model part of a template's study: its sizes follow from the features and the label. @throws WorkerError STUDY_INVALID. */
export function modelOf(template: StudyTemplate): Study['model'] {
  const { initial, local, ...form } = template.model;
  const outputs = form.kind === 'cox' ? undefined : outputsFor(template.label);
  return describeModel(outputs === undefined ? form : { ...form, outputs }, inputWidth(template), initial, local);
}

/** More than half. */
const majority = (of: number): number => Math.floor(of / 2) + 1;

/**
 * The study document of a template at a place: model sizes from the features, quorums of more than half, and as many submissions as its rule needs.
 * @throws CodedError STUDY_INVALID with all faults, see `readStudy` of protocol.
 */
export function studyFrom(template: StudyTemplate, place: StudyPlace): Study {
  const sorted = { ...place, participants: [...place.participants].sort(), aggregators: [...place.aggregators].sort(), observers: [...place.observers].sort() };
  const document = { ...template, ...sorted, model: modelOf(template) };
  const quorums = { submit: Math.max(majority(place.participants.length), leastUpdates(template)), attest: majority(attesters(template, place.aggregators.length)), approve: 0 };
  return readStudy({ ...document, quorums: { ...quorums, approve: majority(membersOf({ ...document, quorums }).length) } });
}
