/** The digits of data/digits as rows for a model, divided for the robust table: root, hospitals, test. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { holdOut, initialParameters, describeModel, readCsv, readStudyTemplate, seededRandom, selectRows, shuffled, splitDirichlet, toDataset, type Dataset } from '@epione/fl-worker';
import type { Form } from './plain-network.js';

const file = (name: string): Buffer => readFileSync(new URL(`../../../data/digits/${name}`, import.meta.url));

/** All 1,797 rows, pixels 0 to 1. */
export const readDigits = (): Dataset => toDataset(readCsv(gunzipSync(file('digits.csv.gz')).toString()), readStudyTemplate(file('study.yaml').toString()), 'id');

/** MLP 64-64-10, 4,810 parameters. */
export const form: Form = { inputs: 64, hidden: 64, outputs: 10 };

/** The same as a study's model. */
export const digitsModel = describeModel({ kind: 'mlp', layers: [form.hidden], outputs: form.outputs }, form.inputs, 'zeros');

/** Start parameters of a seed, as `draw-initial` draws them. */
export const startOf = (seed: string): Float64Array => Float64Array.from(initialParameters(digitsModel, form.inputs, seed));

export interface Parts {
  /** What the root of FLTrust trains on. */
  readonly root: Dataset;
  readonly hospitals: readonly Dataset[];
  readonly test: Dataset;
}

/** How rows are dealt to hospitals: alike, or by a Dirichlet draw of each digit. */
export type Dealing = 'iid' | 'dirichlet';

/** A fifth of every digit for the test, `rootRows` for the root, the rest for the hospitals. */
export function divide(data: Dataset, dealing: Dealing, hospitals: number, rootRows: number, seed: string): Parts {
  const digitOf = (row: number): string => String(data.labels[row]);
  const { rest, held } = holdOut(Array.from({ length: data.rows }, (_, row) => row), 0.2, seed, digitOf);
  const order = shuffled(rest, seededRandom('deal', seed));
  const [root, theirs] = [order.slice(0, rootRows), order.slice(rootRows)];
  const dealt = dealing === 'iid'
    ? Array.from({ length: hospitals }, (_, site) => theirs.filter((__, at) => at % hospitals === site))
    : splitDirichlet(theirs, 0.5, hospitals, seed, digitOf, 0);
  return { root: selectRows(data, root), hospitals: dealt.map((rows) => selectRows(data, rows)), test: selectRows(data, held) };
}
