/** A report for people: a table, what deviates first. */
import type { Verdict } from './probe.js';
import type { Report } from './examine.js';

const marks: Readonly<Record<Verdict, string>> = { deviates: 'DEVIATES', 'could not tell': '?', conforms: 'ok' };
const widestFound = 100;

/** Columns as wide as their widest cell but the last. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((found, row) => row.map((cell, at) => Math.max(found[at] ?? 0, cell.length)), []);
  return rows.map((row) => row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  ').trimEnd()).join('\n');
}

const shortened = (text: string): string => (text.length > widestFound ? `${text.slice(0, widestFound - 1)}…` : text);

/** What deviates, and what could not be told, is followed by what was expected. */
export function printReport({ url, slave, connection, keysTaken, counts, findings }: Report): string {
  const rows = findings.map(({ name, clause, verdict, found, expectation }) => [marks[verdict], clause, name, verdict === 'conforms' ? shortened(found) : `${found} (expected: ${expectation})`]);
  const tls = connection === undefined ? 'not reached' : `${connection.protocol}, ${connection.group}`;
  const summary = `${counts.conforms} conform, ${counts.deviates} deviate, ${counts['could not tell']} could not be told; ${keysTaken} keys taken`;
  return [`${url} to ${slave} (${tls}), ETSI GS QKD 014 V1.1.1`, columns([['', 'clause', 'probe', 'found'], ...rows]), summary].join('\n');
}
