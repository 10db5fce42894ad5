/**
 * Detectors under light, emulated event by event: gates in which none fires are skipped, with the same distribution as
 * a simulation of every pulse. Gates are independent but for dead time, which thins the candidates, and afterpulses,
 * which add candidates of their own.
 */
import type { Profile } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import { AliasTable } from './alias-table.js';
import { type ClickTable, PATTERN_SHIFT } from './click-table.js';

/** Clicks in the order of their gates: gates since the click before, at least 1, and what the gate was like. */
export interface ClickBatch {
  readonly gaps: Uint32Array;
  readonly gates: Uint8Array;
}

/** An avalanche's next afterpulse: when it comes, and how to find the one after it. */
interface Afterpulse {
  gate: number;
  readonly cause: number;
  readonly detector: number;
  /** The integrated rate that has passed since the cause. */
  exposure: number;
}

const MAX_GAP = 0xffff_ffff;

export class EventSampler {
  readonly #random: RandomNumbers;
  readonly #deadGates: number;
  readonly #patternShift: number;
  /** For each pattern whether it is recorded: of pairs only coincidences are. */
  readonly #recorded: Uint8Array;
  readonly #logDecay: number;
  readonly #decay: number;
  readonly #afterpulseRate: number;
  readonly #someAfterpulse: number;
  readonly #pending: Afterpulse[] = [];
  readonly #blindUntil = new Float64Array(4);
  #clicks = new AliasTable([]);
  #silences = new AliasTable([]);
  #logSilence = 0;
  /** Avalanches before the next one that is followed by an afterpulse. */
  #untilAfterpulse: number;
  #gate = 0;
  #lastRecorded = 0;

  constructor(profile: Profile, random: RandomNumbers) {
    this.#random = random;
    this.#deadGates = profile.deadGates;
    this.#patternShift = PATTERN_SHIFT[profile.source];
    this.#recorded = Uint8Array.from({ length: 16 }, (_, pattern) => Number(profile.source === 'weak-pulses' ? pattern > 0 : (pattern & 3) > 0 && pattern >> 2 > 0));
    this.#logDecay = -1 / profile.afterpulseGates;
    this.#decay = Math.exp(this.#logDecay);
    // In gate j after an avalanche an afterpulse comes with 1 − exp(−rate · decay^j); the exponents sum to `afterpulse`.
    this.#afterpulseRate = (profile.afterpulse * (1 - this.#decay)) / this.#decay;
    this.#someAfterpulse = -Math.expm1(-profile.afterpulse);
    this.#untilAfterpulse = this.#avalanchesWithout();
  }

  /** Changes the law of a gate from the next one on; exact, because gates are memoryless. */
  load(table: ClickTable): void {
    this.#clicks = new AliasTable(table.clicks);
    this.#silences = new AliasTable(table.silences);
    this.#logSilence = Math.log1p(-table.clickProbability);
  }

  /** Gates that have passed. */
  get gate(): number {
    return this.#gate;
  }

  /** Lets gates pass without looking; the next gap begins there. */
  skipTo(gate: number): void {
    this.#gate = Math.max(this.#gate, gate);
    this.#lastRecorded = this.#gate;
    while ((this.#pending[0]?.gate ?? Infinity) <= this.#gate) this.#takeAfterpulses();
  }

  /**
   * Runs until the batch is full or gate `until` has passed.
   * @param filled clicks that the batch has already
   * @returns clicks that it has then; `gates` holds codes of settings with the pattern above them
   */
  run({ gaps, gates }: ClickBatch, filled: number, until: number): number {
    let nextLight = this.#gapToLight();
    while (filled < gates.length) {
      const pulse = this.#pending[0];
      const lit = pulse === undefined || nextLight <= pulse.gate;
      const gate = lit ? nextLight : pulse.gate;
      if (gate > until) {
        this.#gate = Math.max(this.#gate, until);
        break;
      }
      this.#gate = gate;
      let code = 0;
      let fired = 0;
      if (lit) {
        code = this.#clicks.draw(this.#random.uniform());
        fired = code >> this.#patternShift;
        nextLight = this.#gapToLight();
      }
      if (pulse?.gate === gate) {
        if (!lit) code = this.#silences.draw(this.#random.uniform());
        fired |= this.#takeAfterpulses();
      }
      const seen = this.#avalanches(fired);
      if (this.#recorded[seen] === 0) continue;
      gaps[filled] = Math.min(MAX_GAP, gate - this.#lastRecorded);
      gates[filled++] = (code & ((1 << this.#patternShift) - 1)) | (seen << this.#patternShift);
      this.#lastRecorded = gate;
    }
    return filled;
  }

  #gapToLight(): number {
    return this.#logSilence === 0 ? Infinity : this.#gate + 1 + Math.floor(Math.log(this.#random.uniform()) / this.#logSilence);
  }

  /** Which of the detectors that something reached could see it; they are blind from now on. */
  #avalanches(fired: number): number {
    let seen = 0;
    for (let detector = 0; fired >> detector > 0; detector++) {
      const bit = fired & (1 << detector);
      if (bit === 0 || this.#gate <= (this.#blindUntil[detector] ?? 0)) continue;
      seen |= bit;
      this.#blindUntil[detector] = this.#gate + this.#deadGates;
      if (this.#untilAfterpulse-- <= 0) this.#followAvalanche(bit);
    }
    return seen;
  }

  #followAvalanche(detector: number): void {
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

  /** The detectors in which an afterpulse comes at the next such gate; each cause goes on to its next one. */
  #takeAfterpulses(): number {
    const at = this.#pending[0]?.gate;
    let pattern = 0;
    for (let pulse = this.#pending[0]; pulse !== undefined && pulse.gate === at; pulse = this.#pending[0]) {
      this.#pending.shift();
      pattern |= pulse.detector;
      // The next point of the same cause; a point in this very gate changes nothing and is skipped.
      do pulse.exposure -= Math.log(this.#random.uniform());
      while (this.#gateOf(pulse) === at);
      this.#schedule(pulse);
    }
    return pattern;
  }

  /** The gate in which the integrated rate since the cause reaches the pulse's exposure. */
  #gateOf(pulse: Afterpulse): number {
    const left = 1 - (pulse.exposure * (1 - this.#decay)) / (this.#afterpulseRate * this.#decay);
    return left <= 0 ? Infinity : pulse.cause + Math.max(1, Math.ceil(Math.log(left) / this.#logDecay));
  }
}
