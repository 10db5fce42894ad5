/** The optics of a link in time: as fast as they can be computed, or in step with the clock on the wall. */
import type { ClickBatch } from '../optics/event-sampler.js';
import type { Optics } from '../optics/optics.js';

export type Pace = 'max' | 'real';

/** Seconds since any moment, and waiting. */
export interface Clock {
  now(): number;
  sleep(seconds: number): Promise<void>;
}

export const wallClock: Clock = {
  now: () => performance.now() / 1000,
  sleep: async (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); }),
};

/** The longest stretch of one batch in real time: both ends hear of each other this often, even if nothing clicks. */
const BATCH_SECONDS = 0.5;
/** Who has not asked for this long has not listened: what was sent in between is lost. */
const IDLE_SECONDS = 1;

export class PacedOptics {
  readonly #optics: Optics;
  readonly #pace: Pace;
  readonly #clock: Clock;
  readonly #start: number;
  /** Emulated time up to which clicks were given out. */
  #until = 0;

  constructor(optics: Optics, pace: Pace, clock: Clock) {
    this.#optics = optics;
    this.#pace = pace;
    this.#clock = clock;
    this.#start = clock.now();
  }

  /** The next clicks, `count` at most. In real time a batch comes when its last gate has passed, and may be empty. */
  async next(count: number): Promise<ClickBatch> {
    if (this.#pace === 'max') return this.#optics.next(count);
    if (this.#elapsed > this.#until + IDLE_SECONDS) {
      this.#until = this.#elapsed;
      this.#optics.skipTo(this.#until);
    }
    this.#until += BATCH_SECONDS;
    const batch = this.#optics.next(count, this.#until);
    if (batch.gates.length === count) this.#until = Math.min(this.#until, this.#optics.seconds);
    const early = this.#until - this.#elapsed;
    if (early > 0) await this.#clock.sleep(early);
    return batch;
  }

  get #elapsed(): number {
    return this.#clock.now() - this.#start;
  }
}
