/** What one gate of the plain emulation holds before dead time and afterpulses. */

export interface RawGate {
  /** In the places of a `Gate`; of pairs without Alice's bit, which her detectors tell. */
  readonly settings: number;
  /** The set of detectors that light or a dark count reached. */
  readonly fired: number;
}
