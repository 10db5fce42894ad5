/** What both sides of `bench:fl` train: the WDBC table divided among four sites, and two models. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeModel, initialParameters, readCsv, readStudyTemplate, toDataset, type StudyTemplate } from '@epione/fl-worker';
import { repository } from '../../study/command.js';
import { idColumn, type StudyData } from '../../study/data.js';

/** The models of the figures by name: their hidden layers. */
export const models = { lr: [], mlp: [64, 32] } as const;
export type ModelName = keyof typeof models;

/** Rounds of a total; each has the shipped study's five local epochs. */
export const rounds = 30;
/** Fixes the division of the rows and what the MLP starts from. */
export const seed = 'bench';

/** The shipped study with one of the models, without noise and masks and with nobody's consent asked, because the rival knows none. @param name of its own on the ledger. */
export function templateOf(model: ModelName, name: string, initial: StudyTemplate['model']['initial'] = 'zeros'): StudyTemplate {
  const shipped = readStudyTemplate(readFileSync(join(repository, 'data', 'wdbc', 'study.yaml'), 'utf8'));
  const layers = [...models[model]];
  return {
    ...shipped, name, privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' }, model: { kind: layers.length === 0 ? 'logistic' : 'mlp', layers, initial },
    rounds: { ...shipped.rounds, count: rounds }, consent: { ...shipped.consent, required: false, classes: [] },
  };
}

/** Writes the rival's task: the same rows, scaled alike, the same start, rate, epochs and batches. @returns the file. */
export function writeTask(folder: string, model: ModelName, { sites }: StudyData): string {
  const template = templateOf(model, model);
  const parts = Object.values(sites).map(({ file }) => toDataset(readCsv(readFileSync(file, 'utf8')), template, idColumn));
  const width = parts[0]?.width ?? 0;
  const form = describeModel(template.model, width, 'zeros');
  const task = {
    layers: [width, ...models[model], 1],
    initial: form.layers.length === 0 ? new Array<number>(form.dimension).fill(0) : [...initialParameters(form, width, seed)],
    learningRate: Number(template.training.learningRate), localEpochs: template.training.localEpochs, batchSize: template.training.batchSize,
    sites: parts.map(({ rows, features, labels }) => ({ features: Array.from({ length: rows }, (_, row) => [...features.subarray(row * width, (row + 1) * width)]), labels: [...labels] })),
  };
  const file = join(folder, `${model}.json`);
  writeFileSync(file, JSON.stringify(task));
  return file;
}
