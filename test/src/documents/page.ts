/** Tables of a page in Markdown, and the tests that its rows name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../study/command.js';

/** The cells of each row of the first table below a heading, header and rule left out. @throws Error when there is none. */
export function rowsBelow(page: string, heading: string): string[][] {
  const text = readFileSync(join(repository, page), 'utf8');
  const start = text.split('\n').indexOf(heading);
  if (start < 0) throw new Error(`${page} has no line "${heading}"`);
  const rest = text.split('\n').slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('#'));
  const rows = rest.slice(0, end < 0 ? undefined : end).filter((line) => line.startsWith('|')).slice(2);
  if (rows.length === 0) throw new Error(`${page} has no table below "${heading}"`);
  return rows.map((row) => row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll('\\|', '|')));
}

/** Paths in backticks. */
export const pathsIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);

/** Tests as a cell names them: `file` "title", several joined by "; ". */
export const testsIn = (cell: string): { readonly file: string; readonly title: string }[] =>
  [...cell.matchAll(/`([^`]+)` "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title }));

const quotes = ["'", '"', '`'];

/** What is wrong with the tests that a cell names; empty when each is in its file. */
export function faultsOf(cell: string): string[] {
  const tests = testsIn(cell);
  if (tests.length === 0) return [`"${cell}" names no test`];
  return tests.flatMap(({ file, title }) => {
    const path = join(repository, file);
    if (!existsSync(path)) return [`${file} does not exist`];
    const text = readFileSync(path, 'utf8').replaceAll("\\'", "'");
    return quotes.some((quote) => text.includes(`it(${quote}${title}${quote}`)) ? [] : [`${file} has no test "${title}"`];
  });
}
