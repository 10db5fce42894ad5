/** What an attacking site does in a study: to the rows it trains on, to the update it sends, or to both. Attacks know all honest updates and work together. */
import { selectRows, type Dataset, type SeededRandom } from '@epione/fl-worker';

export interface Attack {
  /** The rows that an attacker trains on instead of its own. */
  readonly poison?: (rows: Dataset) => Dataset;
  /**
   * The update that an attacker sends.
   * @param own trains on its rows, poisoned or not.
   * @param honest the updates of all others.
   */
  readonly forge?: (own: () => Float64Array, honest: readonly Float64Array[], random: SeededRandom) => Float64Array;
}

/** A copy whose arrays may be changed. */
export const copyOf = (data: Dataset): Dataset => selectRows(data, Array.from({ length: data.rows }, (_, row) => row));

/** Mean of each coordinate. */
export const meanOf = (rows: readonly Float64Array[]): Float64Array =>
  new Float64Array(rows[0]?.length ?? 0).map((_, k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / rows.length);
