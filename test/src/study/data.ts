/** The study's data: the shipped table dealt unevenly to the hospitals, a held-out set, and what training without federation gives. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { divideTable, evaluate, pooled, readCsv, toDataset, trainAlone, writeCsv, type Dataset, type Metrics } from '@epione/fl-worker';
import type { Study } from '@epione/protocol';
import { repository } from './command.js';

/** Rows by hospital, and rows that nobody trains on. */
export interface StudyData {
  readonly sites: Readonly<Record<string, { readonly file: string; readonly rows: number }>>;
  readonly heldOutFile: string;
  readonly heldOutRows: number;
}

/** Writes `<folder>/<hospital>.csv` and `<folder>/held-out.csv`: seeded, the same each time. */
export function divideData(folder: string, hospitals: readonly string[], seed: string): StudyData {
  const table = readCsv(readFileSync(join(repository, 'data', 'wdbc', 'wdbc.csv'), 'utf8'));
  const { sites, test } = divideTable(table, { label: 'diagnosis', sites: hospitals.length, alpha: 1, testFraction: 0.25, seed });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, part: typeof test): string => {
    const file = join(folder, `${name}.csv`);
    writeFileSync(file, writeCsv(part));
    return file;
  };
  return {
    sites: Object.fromEntries(sites.map((part, at) => [hospitals[at] ?? '', { file: write(hospitals[at] ?? '', part), rows: part.records.length }])),
    heldOutFile: write('held-out', test),
    heldOutRows: test.records.length,
  };
}

/** The column that names a row. */
export const idColumn = 'id';

const read = (file: string, study: Study): Dataset => toDataset(readCsv(readFileSync(file, 'utf8')), study, idColumn);

/** Metrics of models on the held-out set. */
export class Judge {
  readonly #study: Study;
  readonly #data: StudyData;
  readonly #heldOut: Dataset;

  constructor(study: Study, data: StudyData) {
    this.#study = study;
    this.#data = data;
    this.#heldOut = read(data.heldOutFile, study);
  }

  /** Metrics of given parameters. */
  judge(parameters: Float32Array): Promise<Metrics> {
    return evaluate(this.#study, parameters, this.#heldOut);
  }

  /** Each hospital alone and all data in one place, trained as long as the federation. */
  async baselines(seed: string): Promise<{ pooled: Metrics; local: Record<string, Metrics> }> {
    const parts = Object.entries(this.#data.sites).map(([site, { file }]) => ({ site, data: read(file, this.#study) }));
    const alone = async (data: Dataset): Promise<Metrics> => this.judge(await trainAlone(this.#study, new Float32Array(this.#study.model.dimension), data, seed));
    const local: Record<string, Metrics> = {};
    for (const { site, data } of parts) local[site] = await alone(data);
    return { pooled: await alone(pooled(parts.map(({ data }) => data))), local };
  }
}
