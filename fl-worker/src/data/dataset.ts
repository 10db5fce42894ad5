/** From CSV cells to vectors by the study's feature list: every fault of the file is reported, scaling is the study's only. */
import { outputsFor, type Feature, type Study } from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { CsvRecord, CsvTable } from './csv.js';

/** Rows ready for training. */
export interface Dataset {
  readonly rows: number;
  /** Inputs a row: a number feature takes one, a category one for each of its categories. */
  readonly width: number;
  /** rows × width, row by row, scaled. */
  readonly features: Float32Array;
  /** One a row: 0 or 1; the index of its category where the label has more than two; a time where the study names an event. */
  readonly labels: Float32Array;
  /** 1 where the event was seen at the label's time, 0 where the row was lost sight of then; where the study names one. */
  readonly events?: Float32Array;
  /** The row's ID from the ID column, else its line number. */
  readonly ids: readonly string[];
}

/** One thing wrong with a data file; `line` is absent where the whole file is meant. */
export interface DataFault {
  readonly line?: number;
  readonly column: string;
  readonly fault: 'missing column' | 'empty cell' | 'not a number' | 'unknown category' | 'not 0 or 1' | 'not above 0' | 'used twice';
}

const numberForm = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** Inputs that a feature takes. */
export const widthOf = (feature: Feature): number => (feature.kind === 'category' ? (feature.categories?.length ?? 0) : 1);

/** Inputs of a study's model. */
export const inputWidth = (study: Pick<Study, 'features'>): number => study.features.reduce((sum, feature) => sum + widthOf(feature), 0);

/** Collects faults while cells are read, so that one run names them all. */
class Cells {
  readonly faults: DataFault[] = [];
  readonly #table: CsvTable;

  constructor(table: CsvTable) {
    this.#table = table;
  }

  column(name: string): number {
    const at = this.#table.columns.indexOf(name);
    if (at < 0) this.faults.push({ column: name, fault: 'missing column' });
    return at;
  }

  /** A finite number; undefined for an empty cell; a fault otherwise. */
  number(record: CsvRecord, at: number, column: string): number | undefined {
    const cell = record.cells[at] ?? '';
    if (cell === '') return undefined;
    const value = numberForm.test(cell) ? Number(cell) : NaN;
    if (Number.isFinite(value)) return value;
    this.faults.push({ line: record.line, column, fault: 'not a number' });
    return undefined;
  }

  /** The values of a feature as columns of numbers, unscaled; an empty cell is undefined. */
  values(feature: Feature, records: readonly CsvRecord[]): (number | undefined)[][] {
    const at = this.column(feature.name);
    if (at < 0) return [];
    const read = (record: CsvRecord): (number | undefined)[] => {
      const cell = record.cells[at] ?? '';
      const size = widthOf(feature);
      if (cell === '') {
        if (feature.missing === 'reject') this.faults.push({ line: record.line, column: feature.name, fault: 'empty cell' });
        return Array<undefined>(size).fill(undefined);
      }
      if (feature.kind === 'number') return [this.number(record, at, feature.name)];
      const index = feature.categories?.indexOf(cell) ?? -1;
      if (index < 0) this.faults.push({ line: record.line, column: feature.name, fault: 'unknown category' });
      return Array.from({ length: size }, (_, category) => (category === index ? 1 : 0));
    };
    const byRow = records.map(read);
    return Array.from({ length: widthOf(feature) }, (_, k) => byRow.map((cells) => cells[k]));
  }

  /** 0 or 1 a row: a number, or the first or second of two categories. */
  flags({ name, kind, categories }: Feature, records: readonly CsvRecord[]): number[] {
    const at = this.column(name);
    const [negative, positive] = kind === 'category' ? (categories ?? []) : [];
    return records.map((record) => {
      if (at < 0) return 0;
      const cell = record.cells[at];
      if (positive !== undefined && (cell === positive || cell === negative)) return cell === positive ? 1 : 0;
      const value = positive === undefined ? this.number(record, at, name) : undefined;
      if (value !== 0 && value !== 1) this.faults.push({ line: record.line, column: name, fault: 'not 0 or 1' });
      return value ?? 0;
    });
  }

  /** The index of its category a row. */
  indices({ name, categories }: Feature, records: readonly CsvRecord[]): number[] {
    const at = this.column(name);
    return records.map((record) => {
      const index = at < 0 ? 0 : (categories?.indexOf(record.cells[at] ?? '') ?? -1);
      if (index < 0) this.faults.push({ line: record.line, column: name, fault: 'unknown category' });
      return Math.max(index, 0);
    });
  }

  /** What a model is to learn of each row. */
  labels({ label, event }: Pick<Study, 'label' | 'event'>, records: readonly CsvRecord[]): number[] {
    if (event !== undefined) return this.times(label, records);
    return outputsFor(label) === undefined ? this.flags(label, records) : this.indices(label, records);
  }

  /** A number above 0 a row, as it stands: only the order of times matters. */
  times({ name }: Feature, records: readonly CsvRecord[]): number[] {
    const at = this.column(name);
    return records.map((record) => {
      const value = at < 0 ? 1 : (this.number(record, at, name) ?? 0);
      if (value <= 0) this.faults.push({ line: record.line, column: name, fault: 'not above 0' });
      return value;
    });
  }
}

/** Scales (value − shift) · factor and fills empty cells by the feature's rule; `mean` is this site's own mean. */
function scaled(feature: Feature, column: readonly (number | undefined)[]): number[] {
  const present = column.filter((value) => value !== undefined);
  const mean = present.length === 0 ? 0 : present.reduce((sum, value) => sum + value, 0) / present.length;
  const filler = feature.missing === 'mean' ? mean : 0;
  if (feature.kind === 'category') return column.map((value) => value ?? filler);
  const shift = Number(feature.shift ?? '0');
  const factor = Number(feature.factor ?? '1');
  return column.map((value) => ((value ?? filler) - shift) * factor);
}

function assertNoFaults(faults: readonly DataFault[]): void {
  if (faults.length === 0) return;
  const shown = faults.slice(0, 20).map(({ line, column, fault }) => `${line === undefined ? '' : `line ${line}, `}column ${column}: ${fault}`);
  const more = faults.length > shown.length ? `; and ${faults.length - shown.length} more` : '';
  throw new WorkerError('DATA_INVALID', `the data do not fit the study: ${shown.join('; ')}${more}`, {
    remedy: 'Correct these cells in the data file, or ask the consortium for a study whose missing rule allows them.',
  });
}

/**
 * Builds the data set of a study from a CSV table. Columns that the study does not name are not read.
 * @param idColumn column with the row's ID, needed for consents; distinct values.
 * @throws WorkerError DATA_INVALID with all faults (line and column; never a value, because values are patients').
 */
export function toDataset(table: CsvTable, study: Pick<Study, 'features' | 'label' | 'event'>, idColumn?: string): Dataset {
  const { records } = table;
  const cells = new Cells(table);
  const columns = study.features.flatMap((feature) => cells.values(feature, records).map((column) => scaled(feature, column)));
  const labels = cells.labels(study, records);
  const events = study.event === undefined ? {} : { events: Float32Array.from(cells.flags(study.event, records)) };
  const idAt = idColumn === undefined ? -1 : cells.column(idColumn);
  const ids = records.map((record) => (idAt < 0 ? String(record.line) : (record.cells[idAt] ?? '')));
  const seen = new Set<string>();
  records.forEach((record, row) => {
    const id = ids[row] ?? '';
    if (idColumn !== undefined && (id === '' || seen.has(id))) cells.faults.push({ line: record.line, column: idColumn, fault: id === '' ? 'empty cell' : 'used twice' });
    seen.add(id);
  });
  assertNoFaults(cells.faults);
  const width = columns.length;
  const features = new Float32Array(records.length * width);
  columns.forEach((column, k) => {
    column.forEach((value, row) => (features[row * width + k] = value));
  });
  return { rows: records.length, width, features, labels: Float32Array.from(labels), ...events, ids };
}

/** The rows whose position is in `keep`, in that order. */
export function selectRows(data: Dataset, keep: readonly number[]): Dataset {
  const features = new Float32Array(keep.length * data.width);
  keep.forEach((row, at) => {
    features.set(data.features.subarray(row * data.width, (row + 1) * data.width), at * data.width);
  });
  const of = (values: Float32Array): Float32Array => Float32Array.from(keep, (row) => values[row] ?? 0);
  return { rows: keep.length, width: data.width, features, labels: of(data.labels), ...(data.events === undefined ? {} : { events: of(data.events) }), ids: keep.map((row) => data.ids[row] ?? '') };
}

/** @throws WorkerError WEIGHT_OUT_OF_RANGE when a site's rows are more than the weight that a study's encoding has room for. */
export function assertWeight({ strategy, encoding }: Pick<Study, 'strategy' | 'encoding'>, { rows }: Pick<Dataset, 'rows'>, mspId: string): void {
  if (strategy.weighting === 'uniform' || rows <= encoding.maxWeight) return;
  throw new WorkerError('WEIGHT_OUT_OF_RANGE', `${rows} rows of ${mspId} are more than the study's maxWeight of ${encoding.maxWeight}`, { remedy: 'The study needs a larger encoding.maxWeight.' });
}
