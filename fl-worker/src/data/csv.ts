/** Strict reading of a CSV file: a header row, equally long records, and for every record the line it stands on. */
import { parse, CsvError } from 'csv-parse/sync';
import { WorkerError } from '../error.js';

/** One record of a CSV file. */
export interface CsvRecord {
  /** Line of the file on which the record begins, from 1 (the header is line 1). */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A CSV file as text cells. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly records: readonly CsvRecord[];
}

/** What csv-parse gives with `info`; its types know the form without only. */
interface Row {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads CSV (RFC 4180, comma, UTF-8 with or without byte order mark); blanks round a cell are dropped.
 * @throws WorkerError DATA_INVALID for broken quoting, records of another length, an empty file, a column named twice.
 */
export function readCsv(text: string): CsvTable {
  let rows: Row[];
  try {
    rows = parse(text, { bom: true, trim: true, skip_empty_lines: true, info: true }) as unknown as Row[];
  } catch (cause) {
    const detail = cause instanceof CsvError ? cause.message : String(cause);
    throw new WorkerError('DATA_INVALID', `the CSV cannot be read: ${detail}`, { cause, remedy: 'Every line needs as many cells as the header; quote cells that hold a comma.' });
  }
  const [header, ...rest] = rows;
  if (!header || rest.length === 0) throw new WorkerError('DATA_INVALID', 'the CSV has no data lines below its header');
  const twice = header.record.filter((name, at) => header.record.indexOf(name) !== at);
  if (twice.length > 0) throw new WorkerError('DATA_INVALID', `the CSV names a column twice: ${[...new Set(twice)].join(', ')}`);
  return { columns: header.record, records: rest.map(({ record, info }) => ({ line: info.lines, cells: record })) };
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Writes a table as CSV with a line feed after every record. */
export function writeCsv({ columns, records }: CsvTable): string {
  return [columns, ...records.map((record) => record.cells)].map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}
