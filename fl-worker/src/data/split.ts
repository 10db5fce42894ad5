/** Dividing one table among hospitals: a held-out test set, then an uneven seeded Dirichlet draw for each class (Hsu, Qi and Brown 2019). */
import { WorkerError } from '../error.js';
import { seededRandom, shuffled, type SeededRandom } from '../random.js';
import type { CsvRecord, CsvTable } from './csv.js';

function byClass<T>(rows: readonly T[], classOf: (row: T) => string): T[][] {
  const groups = Map.groupBy(rows, classOf);
  return [...groups.keys()].sort().map((name) => groups.get(name) ?? []);
}

/** Cuts the rows of one class by one draw of shares. */
function cut<T>(rows: readonly T[], alpha: number, sites: number, random: SeededRandom): T[][] {
  const shares = Array.from({ length: sites }, () => random.gamma(alpha));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let upTo = 0;
  let from = 0;
  return shares.map((share, site) => {
    upTo += share / total;
    const to = site === sites - 1 ? rows.length : Math.round(upTo * rows.length);
    const part = rows.slice(from, to);
    from = to;
    return part;
  });
}

/**
 * Deals rows to `sites` unevenly: for each class the shares are one draw from Dirichlet(alpha, …, alpha), so that sites differ
 * in size and in their mix of classes. A small alpha is more uneven. A draw is repeated (same seed, same result) until every
 * site has at least `least` rows of the class, because a hospital without cases cannot train alone.
 * @throws WorkerError DATA_INVALID when 1,000 draws give no such division.
 */
export function splitDirichlet<T>(rows: readonly T[], alpha: number, sites: number, seed: string, classOf: (row: T) => string, least = 5): T[][] {
  const random = seededRandom('split', seed);
  const classes = byClass(rows, classOf).map((group) => {
    const order = shuffled(group, random);
    for (let attempt = 0; attempt < 1000; attempt++) {
      const parts = cut(order, alpha, sites, random);
      if (parts.every((part) => part.length >= least)) return parts;
    }
    throw new WorkerError('DATA_INVALID', `${group.length} rows of one class cannot be dealt to ${sites} sites with at least ${least} each and alpha ${alpha}`, { remedy: 'Take a larger alpha, fewer sites or more rows.' });
  });
  return Array.from({ length: sites }, (_, site) => shuffled(classes.flatMap((parts) => parts[site] ?? []), random));
}

/** Sets aside the same fraction of every class. @param fraction 0 to 1. */
export function holdOut<T>(rows: readonly T[], fraction: number, seed: string, classOf: (row: T) => string): { rest: T[]; held: T[] } {
  const random = seededRandom('hold-out', seed);
  const rest: T[] = [];
  const held: T[] = [];
  for (const group of byClass(rows, classOf)) {
    const order = shuffled(group, random);
    const count = Math.round(group.length * fraction);
    held.push(...order.slice(0, count));
    rest.push(...order.slice(count));
  }
  return { rest, held };
}

/** How a table is divided for a study among several hospitals. */
export interface Division {
  /** Name of the label column. */
  readonly label: string;
  readonly sites: number;
  /** Dirichlet concentration; 1 is uneven, 0.1 very uneven, 100 nearly even. */
  readonly alpha: number;
  /** Share of rows that nobody trains on, 0 to 1. */
  readonly testFraction: number;
  readonly seed: string;
  /** Fewest rows of each class that a site gets; 5 unless said otherwise. With 0 a site may lack a class, but no site is empty. */
  readonly least?: number;
}

/** Gives each empty part a row of the largest. @throws WorkerError DATA_INVALID for fewer rows than parts. */
function noneEmpty<T>(parts: T[][]): T[][] {
  if (parts.flat().length < parts.length) throw new WorkerError('DATA_INVALID', `${parts.flat().length} rows are too few for ${parts.length} sites`, { remedy: 'Take fewer sites or more rows.' });
  for (const part of parts) if (part.length === 0) part.push(...parts.reduce((largest, other) => (other.length > largest.length ? other : largest)).splice(-1));
  return parts;
}

/** Divides a CSV table into one table a site and a held-out test table. Errors as `splitDirichlet`. */
export function divideTable(table: CsvTable, { label, sites, alpha, testFraction, seed, least = 5 }: Division): { sites: CsvTable[]; test: CsvTable } {
  const at = table.columns.indexOf(label);
  if (at < 0) throw new WorkerError('DATA_INVALID', `column ${label}: missing column`);
  const classOf = (record: CsvRecord): string => record.cells[at] ?? '';
  const { rest, held } = holdOut(table.records, testFraction, seed, classOf);
  const dealt = noneEmpty(splitDirichlet(rest, alpha, sites, seed, classOf, least));
  return { sites: dealt.map((records) => ({ columns: table.columns, records })), test: { columns: table.columns, records: held } };
}
