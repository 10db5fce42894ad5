/** Reading SQLite's rows, whose columns have no type of their own. */
import type { SQLOutputValue } from 'node:sqlite';
import { QkdError } from '../error.js';

export type Row = Record<string, SQLOutputValue>;

const fault = (column: string): QkdError => new QkdError('STORE', `the column ${column} has no value of its type`);

/** A column that holds an integer or a real number. */
export const numberIn = (row: Row | undefined, column: string): number => {
  const value = row?.[column];
  if (typeof value !== 'number') throw fault(column);
  return value;
};

/** A column that holds text. */
export const textIn = (row: Row | undefined, column: string): string => {
  const value = row?.[column];
  if (typeof value !== 'string') throw fault(column);
  return value;
};

/** A column that holds bytes. */
export const bytesIn = (row: Row | undefined, column: string): Uint8Array => {
  const value = row?.[column];
  if (!(value instanceof Uint8Array)) throw fault(column);
  return value;
};

/** A column that may be NULL. */
export const optional = <T>(row: Row | undefined, column: string, read: (row: Row | undefined, column: string) => T): T | undefined =>
  row?.[column] === null || row?.[column] === undefined ? undefined : read(row, column);
