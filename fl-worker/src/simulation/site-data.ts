/** The rows of a simulation: a CSV file a site, or one file that is divided among sites. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { digestOf, type Digest, type Study } from '@epione/protocol';
import { readCsv, writeCsv, type CsvTable } from '../data/csv.js';
import { toDataset, type Dataset } from '../data/dataset.js';
import { divideTable } from '../data/split.js';
import { WorkerError } from '../error.js';

/** Where rows come from. */
export interface RowSource {
  /** CSV files, or one folder of them; each is a site's and named after it. With `sites` one file, which is divided. */
  readonly data: readonly string[];
  readonly sites?: number | undefined;
  readonly alpha: number;
  readonly least: number;
  /** Share of a divided file that is set aside as test rows, unless `test` names others. */
  readonly testFraction: number;
  readonly test?: string | undefined;
  readonly idColumn?: string | undefined;
  readonly seed: string;
}

/** A table and the digest of its file. */
interface NamedTable {
  readonly table: CsvTable;
  readonly digest: Digest;
}

/** Tables by site, and test rows where there are any. */
export interface SiteTables {
  readonly sites: ReadonlyMap<string, CsvTable>;
  readonly test?: NamedTable;
}

async function readTable(path: string): Promise<NamedTable> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new WorkerError('DATA_MISSING', `cannot read the data file ${path}`, { cause });
  });
  return { table: readCsv(bytes.toString('utf8')), digest: digestOf(bytes) };
}

const asFile = (table: CsvTable): NamedTable => ({ table, digest: digestOf(new TextEncoder().encode(writeCsv(table))) });

function filesIn(data: readonly string[], test: string | undefined): string[] {
  const [first = ''] = data;
  const folder = data.length === 1 && statSync(first, { throwIfNoEntry: false })?.isDirectory() === true;
  const files = folder ? readdirSync(first).filter((name) => name.endsWith('.csv')).sort().map((name) => join(first, name)) : data;
  return files.filter((file) => test === undefined || resolve(file) !== resolve(test));
}

/** Names of sites that sort as they are counted. */
export const siteNames = (count: number): string[] => Array.from({ length: count }, (_, at) => `Site${String(at + 1).padStart(4, '0')}`);

/** Reads and divides. @param label column whose values are dealt alike to every site, as far as `alpha` lets it be. @throws WorkerError DATA_MISSING, DATA_INVALID. */
export async function siteTables(source: RowSource, label: string): Promise<SiteTables> {
  const { data, sites, alpha, least, test, seed } = source;
  const given = test === undefined ? undefined : await readTable(test);
  if (sites === undefined) {
    const files = filesIn(data, test);
    const named = await Promise.all(files.map(async (file) => [basename(file, '.csv'), (await readTable(file)).table] as const));
    const tables = new Map(named);
    if (tables.size < files.length) throw new WorkerError('DATA_INVALID', 'two data files have the same name, which is the site’s');
    return { sites: tables, ...(given === undefined ? {} : { test: given }) };
  }
  const [file, ...more] = filesIn(data, test);
  if (file === undefined || more.length > 0) throw new WorkerError('DATA_INVALID', 'one data file is divided among sites', { remedy: 'Leave --sites out where each site has a file.' });
  const divided = divideTable((await readTable(file)).table, { label, sites, alpha, seed, least, testFraction: given === undefined ? source.testFraction : 0 });
  const names = siteNames(sites);
  const held = given ?? (divided.test.records.length > 0 ? asFile(divided.test) : undefined);
  return { sites: new Map(divided.sites.map((table, at) => [names[at] as string, table])), ...(held === undefined ? {} : { test: held }) };
}

/** The column by which rows are dealt: the class, or whether the event was seen. */
export const classColumn = ({ label, event }: Pick<Study, 'label' | 'event'>): string => (event ?? label).name;

/** Tables as data sets. @throws WorkerError DATA_INVALID, naming the site. */
export function siteDatasets(study: Study, tables: ReadonlyMap<string, CsvTable>, idColumn: string | undefined): Map<string, Dataset> {
  return new Map([...tables].map(([mspId, table]) => {
    try {
      return [mspId, toDataset(table, study, idColumn)];
    } catch (error) {
      if (error instanceof WorkerError) throw new WorkerError(error.code, `${mspId}: ${error.message}`, { cause: error, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) });
      throw error;
    }
  }));
}
