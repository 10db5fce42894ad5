/** What a site carries from one of its rounds to the next and never sends: SCAFFOLD's control variate, the tensors that stay local. */
import type { DatabaseSync } from 'node:sqlite';

/** Values by the round in which they were made; they count once that round has ended with the site's update in its model. */
export class Carried {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Keeps what a round's training left; to be called before its submission is stored, so that there is no submission without it. */
  keep(round: number, values: Float64Array): void {
    this.#database.prepare('INSERT OR REPLACE INTO carried (round, carried) VALUES (?, ?)').run(round, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  /** What the last round before this one left, in which the site's update counted; undefined before there was one. */
  before(round: number): Float64Array | undefined {
    const bytes = this.#database.prepare('SELECT carried FROM carried WHERE round < ? ORDER BY round DESC LIMIT 1').get(round)?.['carried'] as Uint8Array | undefined;
    return bytes === undefined ? undefined : new Float64Array(bytes.slice().buffer);
  }

  /** An ended round: its values replace those before, or count for nothing because the model was made without this site. */
  settle(round: number, used: boolean): void {
    if (used) this.#database.prepare('DELETE FROM carried WHERE round < (SELECT max(round) FROM carried WHERE round <= ?)').run(round);
    else this.#database.prepare('DELETE FROM carried WHERE round = ?').run(round);
  }
}
