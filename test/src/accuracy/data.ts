/** The shipped data sets of docs/accuracy.md: reading them and dividing them among hospitals, each of which keeps rows that nobody trains on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { holdOut, pooled, readCsv, readStudyTemplate, splitDirichlet, toDataset, type CsvRecord, type CsvTable, type Dataset, type StudyTemplate } from '@epione/fl-worker';
import { repository } from '../study/command.js';

/** How rows come to hospitals: by a column of the data, or by a seeded Dirichlet draw for each class. */
export type Assignment = { readonly column: string } | { readonly sites: number; readonly alpha: number };

/** A data set and how it is compared. */
export interface DataSet {
  readonly name: string;
  /** Folder in `data/`; that of its name when absent. */
  readonly folder?: string;
  readonly file: string;
  /** Rounds where they are not the study's. */
  readonly rounds?: number;
  readonly assignment: Assignment;
  readonly metric: 'auc' | 'accuracy' | 'concordance';
  /** What a model of the same kind reaches on all rows in one place, made with another library: docs/accuracy.md names it. */
  readonly anchor: string;
}

/** One hospital. */
export interface DividedSite {
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
}

const file = (...path: string[]): string => join(repository, 'data', ...path);

/** A data set's folder in `data/`. */
export const folderOf = ({ name, folder = name }: Pick<DataSet, 'name' | 'folder'>): string => folder;

/** The study file in a folder of `data/`. */
export const templateOf = (folder: string): StudyTemplate => readStudyTemplate(readFileSync(file(folder, 'study.yaml'), 'utf8'));

/** The same without noise, and without masks, which change no sum: what federation itself costs is measured. */
export const plainTemplateOf = (folder: string): StudyTemplate => ({ ...templateOf(folder), privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' } });

/** A data set's table; a file that ends in .gz is unpacked. */
export function readTable(set: Pick<DataSet, 'name' | 'folder' | 'file'>): CsvTable {
  const bytes = readFileSync(file(folderOf(set), set.file));
  return readCsv((set.file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
}

const column = ({ columns }: CsvTable, name: string): ((record: CsvRecord) => string) => {
  const at = columns.indexOf(name);
  if (at < 0) throw new RangeError(`there is no column ${name}`);
  return (record) => record.cells[at] ?? '';
};

/** Rows by hospital; rows that name none are left out. */
function assigned(table: CsvTable, assignment: Assignment, seed: string, classOf: (record: CsvRecord) => string): Map<string, readonly CsvRecord[]> {
  if ('column' in assignment) {
    const groups = Map.groupBy(table.records, column(table, assignment.column));
    groups.delete('');
    return new Map([...groups].map(([site, records]) => [`Site${site.padStart(2, '0')}MSP`, records]));
  }
  const { sites, alpha } = assignment;
  const least = new Set(table.records.map(classOf)).size > 2 ? 0 : 10; // of two classes every hospital has some, or none could train alone
  const parts = splitDirichlet(table.records, alpha, sites, seed, classOf, least);
  return new Map(parts.map((records, at) => [`Site${String(at + 1).padStart(2, '0')}MSP`, records]));
}

/** Divides a data set; a quarter of each class at each hospital is held out there. The same seed gives the same division. */
export function divide(set: DataSet, template: StudyTemplate, seed: string): DividedSite[] {
  const table = readTable(set);
  const classOf = column(table, (template.event ?? template.label).name);
  const dataset = (records: readonly CsvRecord[]): Dataset => toDataset({ columns: table.columns, records }, template, 'id');
  return [...assigned(table, set.assignment, seed, classOf)].map(([name, records]) => {
    const { rest, held } = holdOut(records, 0.25, `${seed} ${name}`, classOf);
    return { name, train: dataset(rest), test: held.length === 0 ? nothing(dataset(rest)) : dataset(held) };
  }).filter(({ train }) => train.rows > 0).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** No rows, as wide as these. */
const nothing = ({ width, events }: Dataset): Dataset => ({ rows: 0, width, features: new Float32Array(0), labels: new Float32Array(0), ...(events === undefined ? {} : { events: new Float32Array(0) }), ids: [] });

/** All rows of the sites in one place. */
export const together = (sites: readonly DividedSite[], which: 'train' | 'test'): Dataset => pooled(sites.map((site) => site[which]));
