/**
 * The codes: quasi-cyclic, from base graphs that both ends build for the rate they need, from nothing but its numbers.
 * An entry of the base graph is an identity matrix of 512 by 512, turned by a shift. Columns have degree 2, 3 or high; there is no
 * cycle of length 4.
 */
import { createCipheriv } from 'node:crypto';

/** Bits of a column, checks of a row. */
export const LIFT = 512;
/** The most columns of a base graph. */
export const MAX_COLUMNS = 128;
/** An entry: check z of the row is over bit (z + shift) mod 512 of the column. */
export interface Edge {
  readonly column: number;
  readonly shift: number;
}

/**
 * A base graph: the edges of each row. For a higher rate the last 2 · `pairs` rows are merged two by two: of each pair only the
 * sum is disclosed, until more is asked for. The rows of a pair share no column.
 */
export interface BaseGraph {
  readonly columns: number;
  readonly rows: readonly (readonly Edge[])[];
  readonly pairs: number;
}

/**
 * The rows in the order in which checks are disclosed: rows without a partner, sums of pairs, first rows of pairs; and last the
 * second rows of pairs, which then follow.
 */
export const disclosedRows = ({ rows, pairs }: BaseGraph): (readonly Edge[])[] => {
  const paired = rows.slice(rows.length - 2 * pairs);
  const [firsts, seconds] = [0, 1].map((half) => paired.filter((_, index) => index % 2 === half));
  const sums = (firsts ?? []).map((first, pair) => [...first, ...(seconds?.[pair] ?? [])]);
  return [...rows.slice(0, rows.length - 2 * pairs), ...sums, ...(firsts ?? []), ...(seconds ?? [])];
};

/** Share of columns of degree 2; high degree and share of columns with it, by the code's rows a column: from a search by decoding. */
const TWO_SHARE = 0.15;
const highDegree = (rate: number): number => (rate < 0.2 ? 10 : 12);
const highShare = (rate: number): number => Math.max(0.05, 0.24 - 0.28 * rate);

/** Numbers in [0, 1) that are the same at both ends: the AES-128-CTR keystream under a key that names the code. */
const publicNumbers = (columns: number, rows: number): (() => number) => {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(columns);
  key.writeUInt32BE(rows, 4);
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  let pool = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at === pool.length) {
      pool = cipher.update(Buffer.alloc(16_384));
      at = 0;
    }
    at += 4;
    return pool.readUInt32LE(at - 4) / 2 ** 32;
  };
};

/**
 * The rows of every column. Columns of degree 2 lie in chains of two over three rows: what scaled messages say fades in longer
 * ones, and errors stay. The others take the rows with the fewest entries so far, ties by lot.
 */
const placed = (columns: number, rows: number, pairs: number, random: () => number): number[][] => {
  const rate = rows / columns;
  const single = rows - 2 * pairs;
  const two = Math.min(Math.round(TWO_SHARE * columns), 2 * Math.floor(single / 3));
  const high = columns - Math.round(highShare(rate) * columns);
  const filling = new Array<number>(rows).fill(0);
  const partner = (row: number): number => (row < single ? row : single + ((row - single) ^ 1));
  return Array.from({ length: columns }, (_, column) => {
    const order = filling.map((entries, row) => ({ row, rank: entries + 0.9 * random() })).toSorted((a, b) => a.rank - b.rank);
    const start = column + (column >> 1);
    const own: number[] = column < two ? [start, start + 1] : [];
    const degree = column < two ? 2 : column < high ? 3 : highDegree(rate);
    for (const { row } of order) if (own.length < degree && !own.includes(partner(row)) && !own.includes(row)) own.push(row);
    for (const row of own) filling[row] = (filling[row] ?? 0) + 1;
    return own.toSorted((a, b) => a - b);
  });
};

/**
 * Builds the base graph of a code.
 * @param columns 1 to 128
 * @param rows 2 or more
 * @param pairs 0 or more, below half of the rows
 */
export const baseGraph = (columns: number, rows: number, pairs: number): BaseGraph => {
  const random = publicNumbers(columns, rows);
  const graph: Edge[][] = Array.from({ length: rows }, () => []);
  // A pair counts as one row here, so that there is no cycle of length 4 in its sum either.
  const single = rows - 2 * pairs;
  const named = (row: number): number => (row < single ? row : single + Math.floor((row - single) / 2));
  // Two columns in the same two rows close a cycle of length 4 when their shifts differ by the same amount.
  const differences = new Set<string>();
  placed(columns, rows, pairs, random).forEach((own, column) => {
    const edges: { row: number; shift: number }[] = [];
    for (const row of own) {
      const names = (shift: number): string[] => edges.map((edge) => `${named(edge.row)}/${named(row)}/${(shift - edge.shift) & (LIFT - 1)}`);
      let shift = Math.floor(random() * LIFT);
      for (let tries = 1; tries < LIFT && names(shift).some((name) => differences.has(name)); tries++) shift = (shift + 1) & (LIFT - 1);
      for (const name of names(shift)) differences.add(name);
      edges.push({ row, shift });
      graph[row]?.push({ column, shift });
    }
  });
  return { columns, rows: graph, pairs };
};
