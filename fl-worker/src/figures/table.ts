/** Tables for people: columns as wide as their longest cell, numbers to the right. */

/** Renders rows under their headings, two blanks between columns. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(String))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number' || /^[-+]?[\d.,]+( ?%)?$|^-?$/.test(String(row[column]))));
  const line = (row: readonly string[]): string => row.map((cell, column) => (numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map((row) => line(row.map(String)))].join('\n');
}
