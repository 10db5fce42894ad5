/** The two studies on which compression is measured: logistic regression on WDBC, a small MLP on the digits. */
import { readFileSync } from 'node:fs';
import { holdOut, readCsv, readStudyTemplate, seededRandom, selectRows, shuffled, toDataset, type Dataset, type StudyTemplate } from '@epione/fl-worker';
import { readDigits } from '../robust/digits.js';

const file = (name: string): string => readFileSync(new URL(`../../../data/${name}`, import.meta.url)).toString();

/** A study, its rows, and among how many hospitals they are divided. */
export interface Task {
  readonly template: StudyTemplate;
  readonly data: Dataset;
  readonly hospitals: number;
}

/** The rows of a task for one seed: a fifth of each class for the test, the rest dealt to the hospitals. */
export function dealt({ data, hospitals }: Task, seed: string): { readonly sites: readonly Dataset[]; readonly test: Dataset } {
  const { rest, held } = holdOut(Array.from({ length: data.rows }, (_, row) => row), 0.2, seed, (row) => String(data.labels[row]));
  const order = shuffled(rest, seededRandom('deal', seed));
  return { sites: Array.from({ length: hospitals }, (_, site) => selectRows(data, order.filter((__, at) => at % hospitals === site))), test: selectRows(data, held) };
}

const open = { privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' } } as const;

/** WDBC: the shipped study in the open, 31 parameters, 3 hospitals. */
export function wdbc(): Task {
  const template: StudyTemplate = { ...readStudyTemplate(file('wdbc/study.yaml')), ...open };
  return { template, data: toDataset(readCsv(file('wdbc/wdbc.csv')), template, 'id'), hospitals: 3 };
}

/** Digits: MLP 64-64-10, 4,810 parameters, 5 hospitals, 20 rounds. */
export function digits(): Task {
  const shipped = readStudyTemplate(file('digits/study.yaml'));
  const model: StudyTemplate['model'] = { ...shipped.model, kind: 'mlp', layers: [64] };
  return { template: { ...shipped, ...open, model, rounds: { ...shipped.rounds, count: 20 } }, data: readDigits(), hospitals: 5 };
}
