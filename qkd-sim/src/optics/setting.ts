/** One choice of settings at both ends. */

export interface Setting {
  /** The settings as a small number, packed as the source does it. */
  readonly code: number;
  /** How often they are chosen. */
  readonly probability: number;
  /** How often each set of detectors clicks then, by the set's bits: [none, detector 0, detector 1, both, …]. */
  readonly law: readonly number[];
}
