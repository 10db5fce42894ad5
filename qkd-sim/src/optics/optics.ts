/**
 * Source, fibre and detectors, emulated event by event: gates in which no detector fires are skipped, with the same
 * distribution as a simulation of every pulse. Gates are independent but for dead time, which thins the candidates,
 * and afterpulses, which add candidates of their own.
 */
import type { Profile } from '../profile.js';
import type { RandomNumbers } from '../random.js';
import { AliasTable } from './alias-table.js';
import { clickTable, patternOf } from './click-table.js';
import { type Eve, noEve } from './eve.js';

/** Clicks in the order of their gates. */
export interface ClickBatch {
  /** Gates since the click before, at least 1. */
  readonly gaps: Uint32Array;
  /** Settings and pattern of each click, see `Gate`. */
  readonly gates: Uint8Array;
}

/** An avalanche's next afterpulse: when it comes, and how to find the one after it. */
interface Afterpulse {
  gate: number;
  readonly cause: number;
  readonly detector: 1 | 2;
  /** The integrated rate that has passed since the cause. */
  exposure: number;
}

export class Optics {
  readonly #profile: Profile;
  readonly #random: RandomNumbers;
  readonly #decay: number;
  readonly #afterpulseRate: number;
  readonly #someAfterpulse: number;
  readonly #pending: Afterpulse[] = [];
  #blindUntil1 = 0;
  #blindUntil2 = 0;
  #clicks = new AliasTable([]);
  #silences = new AliasTable([]);
  #logSilence = 0;
  /** Avalanches before the next one that is followed by an afterpulse. */
  #untilAfterpulse: number;
  #gate = 0;
  #lastClick = 0;

  constructor(profile: Profile, random: RandomNumbers, eve: Eve = noEve) {
    this.#profile = profile;
    this.#random = random;
    this.#decay = Math.exp(-1 / profile.afterpulseGates);
    // In gate j after an avalanche an afterpulse comes with 1 − exp(−rate · decay^j); the exponents sum to `afterpulse`.
    this.#afterpulseRate = (profile.afterpulse * (1 - this.#decay)) / this.#decay;
    this.#someAfterpulse = -Math.expm1(-profile.afterpulse);
    this.#untilAfterpulse = this.#avalanchesWithout();
    this.setEve(eve);
  }

  /** Changes what Eve does; exact, because gates are memoryless. */
  setEve(eve: Eve): void {
    const table = clickTable(this.#profile, eve);
    this.#clicks = new AliasTable(table.clicks);
    this.#silences = new AliasTable(table.silences);
    this.#logSilence = Math.log1p(-table.clickProbability);
  }

  /** Gates that have passed. */
  get gates(): number {
    return this.#lastClick;
  }

  /** Runs the link until it has clicked `count` times. */
  next(count: number): ClickBatch {
    const batch = { gaps: new Uint32Array(count), gates: new Uint8Array(count) };
    let nextLight = this.#gapToLight();
    for (let filled = 0; filled < count; ) {
      const pulse = this.#pending[0];
      const lit = pulse === undefined || nextLight <= pulse.gate;
      this.#gate = lit ? nextLight : pulse.gate;
      let gate = 0;
      let fired = 0;
      if (lit) {
        gate = this.#clicks.draw(this.#random.uniform());
        fired = patternOf(gate);
        nextLight = this.#gapToLight();
      }
      if (pulse?.gate === this.#gate) {
        if (!lit) gate = this.#silences.draw(this.#random.uniform());
        fired |= this.#takeAfterpulses();
      }
      const seen = fired & this.#awake();
      if (seen === 0) continue;
      this.#avalanche(seen);
      batch.gaps[filled] = this.#gate - this.#lastClick;
      batch.gates[filled++] = (gate & 0x1f) | (seen << 5);
      this.#lastClick = this.#gate;
    }
    return batch;
  }

  #gapToLight(): number {
    return this.#gate + 1 + Math.floor(Math.log(this.#random.uniform()) / this.#logSilence);
  }

  /** The detectors that can see, as a pattern. */
  #awake(): number {
    return (this.#gate > this.#blindUntil1 ? 1 : 0) | (this.#gate > this.#blindUntil2 ? 2 : 0);
  }

  #avalanche(pattern: number): void {
    const blindUntil = this.#gate + this.#profile.deadGates;
    if (pattern & 1) {
      this.#blindUntil1 = blindUntil;
      if (this.#untilAfterpulse-- <= 0) this.#followAvalanche(1);
    }
    if (pattern & 2) {
      this.#blindUntil2 = blindUntil;
      if (this.#untilAfterpulse-- <= 0) this.#followAvalanche(2);
    }
  }

  #followAvalanche(detector: 1 | 2): void {
    this.#untilAfterpulse = this.#avalanchesWithout();
    const exposure = -Math.log1p(-this.#random.uniform() * this.#someAfterpulse);
    this.#schedule({ gate: 0, cause: this.#gate, detector, exposure });
  }

  /** Drawing for the rare avalanche instead of for each one is the same law and saves a third of the randomness. */
  #avalanchesWithout(): number {
    return Math.floor(Math.log(this.#random.uniform()) / Math.log1p(-this.#someAfterpulse));
  }

  /** Puts an afterpulse in its place, unless its cause has faded before it comes. */
  #schedule(pulse: Afterpulse): void {
    pulse.gate = this.#gateOf(pulse);
    if (pulse.gate === Infinity) return;
    const place = this.#pending.findIndex(({ gate }) => gate > pulse.gate);
    this.#pending.splice(place < 0 ? this.#pending.length : place, 0, pulse);
  }

  /** The detectors in which an afterpulse comes at this gate; each cause goes on to its next one. */
  #takeAfterpulses(): number {
    let pattern = 0;
    for (let pulse = this.#pending[0]; pulse?.gate === this.#gate; pulse = this.#pending[0]) {
      this.#pending.shift();
      pattern |= pulse.detector;
      // The next point of the same cause; a point in this very gate changes nothing and is skipped.
      do pulse.exposure -= Math.log(this.#random.uniform());
      while (this.#gateOf(pulse) === this.#gate);
      this.#schedule(pulse);
    }
    return pattern;
  }

  /** The gate in which the integrated rate since the cause reaches the pulse's exposure. */
  #gateOf(pulse: Afterpulse): number {
    const left = 1 - (pulse.exposure * (1 - this.#decay)) / (this.#afterpulseRate * this.#decay);
    return left <= 0 ? Infinity : pulse.cause + Math.max(1, Math.ceil(Math.log(left) / Math.log(this.#decay)));
  }
}
