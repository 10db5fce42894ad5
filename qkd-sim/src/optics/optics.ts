/** Source, channel and detectors of one link: what both ends would have seen, click by click, as fast as it can be computed. */
import type { Profile } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import { gateAt, secondsAt, segmentAt } from './channel.js';
import { clickTable } from './click-table.js';
import { type Eve, noEve } from './eve.js';
import { type ClickBatch, EventSampler } from './event-sampler.js';
import { pairGate } from './photon-pairs.js';

export class Optics {
  readonly #profile: Profile;
  readonly #random: RandomNumbers;
  readonly #sampler: EventSampler;
  #eve: Eve;
  /** The last gate for which the loaded table holds. */
  #tableUntil = 0;

  constructor(profile: Profile, random: RandomNumbers, eve: Eve = noEve) {
    this.#profile = profile;
    this.#random = random;
    this.#sampler = new EventSampler(profile, random);
    this.#eve = eve;
    this.#load();
  }

  /** Changes what Eve does from the next gate on. */
  setEve(eve: Eve): void {
    this.#eve = eve;
    this.#load();
  }

  /** Gates that have passed. */
  get gates(): number {
    return this.#sampler.gate;
  }

  /** Emulated time in seconds; a satellite sends no pulses between its passes, but time goes on. */
  get seconds(): number {
    return secondsAt(this.#profile, this.#sampler.gate);
  }

  /** Lets time pass while nobody listens. */
  skipTo(seconds: number): void {
    this.#sampler.skipTo(gateAt(this.#profile, seconds));
    this.#load();
  }

  /**
   * Runs the link.
   * @param count clicks (of pairs: coincidences) in a full batch
   * @param untilSeconds emulated time at which the batch ends, full or not
   * @returns the clicks as `Gate`s, with gates since the click before
   */
  next(count: number, untilSeconds = Infinity): ClickBatch {
    const batch = { gaps: new Uint32Array(count), gates: new Uint8Array(count) };
    const until = gateAt(this.#profile, untilSeconds);
    let filled = 0;
    for (;;) {
      filled = this.#sampler.run(batch, filled, Math.min(until, this.#tableUntil));
      if (filled === count || this.#sampler.gate >= until) break;
      this.#load();
    }
    const [gaps, gates] = [batch.gaps.subarray(0, filled), batch.gates.subarray(0, filled)];
    if (this.#profile.source === 'photon-pairs') for (let i = 0; i < filled; i++) gates[i] = pairGate(gates[i] ?? 0, this.#random);
    return { gaps, gates };
  }

  #load(): void {
    const { lossDb, lastGate } = segmentAt(this.#profile, this.#sampler.gate + 1);
    this.#sampler.load(clickTable({ ...this.#profile, lossDb }, this.#eve));
    this.#tableUntil = lastGate;
  }
}
