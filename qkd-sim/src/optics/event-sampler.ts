/**
 * Detectors under light, emulated event by event: gates in which none fires are skipped, with the same distribution as
 * a simulation of every pulse. Gates are independent but for dead time, which thins the candidates, and afterpulses,
 * which add candidates of their own.
 */
import type { Profile } from '../profiles/profile.js';
import { exponential } from '../exponential.js';
import type { RandomNumbers } from '../random.js';
import { AliasTable } from './alias-table.js';
import { type ClickTable, PATTERN_SHIFT } from './click-table.js';
import { LitGates } from './lit-gates.js';

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
/** Before a table is loaded no detector clicks. */
const DARKNESS: ClickTable = { clickProbability: 0, clicks: [], silences: [] };

export class EventSampler {
  readonly #random: RandomNumbers;
  readonly #deadGates: number;
  readonly #patternShift: number;
  /** For each pattern whether it is recorded: of pairs only coincidences are. */
  readonly #recorded: Uint8Array;
  readonly #afterpulse: number;
  readonly #afterpulseGates: number;
  readonly #pending: Afterpulse[] = [];
  readonly #blindUntil = new Float64Array(4);
  #lit: LitGates;
  #silences = new AliasTable([]);
  /** Avalanches before the next one that is followed by an afterpulse, and the exposure of that. */
  #untilAfterpulse = 0;
  #nextExposure = 0;
  #gate = 0;
  #lastRecorded = 0;

  constructor(profile: Profile, random: RandomNumbers) {
    this.#random = random;
    this.#lit = new LitGates(DARKNESS, random);
    this.#deadGates = profile.deadGates;
    this.#patternShift = PATTERN_SHIFT[profile.source];
    this.#recorded = Uint8Array.from({ length: 16 }, (_, pattern) => Number(profile.source === 'weak-pulses' ? pattern > 0 : (pattern & 3) > 0 && pattern >> 2 > 0));
    this.#afterpulse = profile.afterpulse;
    this.#afterpulseGates = profile.afterpulseGates;
    this.#drawAfterpulse();
  }

  /** Changes the law of a gate from the next one on; exact, because gates are memoryless. */
  load(table: ClickTable): void {
    this.#lit = new LitGates(table, this.#random);
    this.#silences = new AliasTable(table.silences);
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
    const lit = this.#lit;
    const settings = (1 << this.#patternShift) - 1;
    let lastGate = this.#gate;
    let lastRecorded = this.#lastRecorded;
    let nextLight = lastGate + lit.gap();
    while (filled < gates.length) {
      const nextPulse = this.#pending[0]?.gate ?? Infinity;
      const gate = Math.min(nextLight, nextPulse);
      if (gate > until) {
        lastGate = Math.max(lastGate, until);
        break;
      }
      lastGate = gate;
      let code: number;
      let fired = 0;
      if (gate === nextLight) {
        code = lit.take();
        fired = code >> this.#patternShift;
        nextLight += lit.gap();
      } else {
        code = this.#silences.draw(this.#random);
      }
      if (gate === nextPulse) fired |= this.#takeAfterpulses();
      const seen = this.#avalanches(gate, fired);
      if (this.#recorded[seen] === 0) continue;
      gaps[filled] = Math.min(MAX_GAP, gate - lastRecorded);
      gates[filled++] = (code & settings) | (seen << this.#patternShift);
      lastRecorded = gate;
    }
    // A gap that is known to be longer than what has passed of it is no fair draw any more.
    lit.take();
    this.#gate = lastGate;
    this.#lastRecorded = lastRecorded;
    return filled;
  }

  /** Which of the detectors that something reached could see it; they are blind from now on. */
  #avalanches(gate: number, fired: number): number {
    let seen = 0;
    for (let left = fired; left !== 0; left &= left - 1) {
      const bit = left & -left;
      const detector = 31 - Math.clz32(bit);
      if (gate <= (this.#blindUntil[detector] ?? 0)) continue;
      seen |= bit;
      this.#blindUntil[detector] = gate + this.#deadGates;
      if (this.#untilAfterpulse-- === 0) this.#followAvalanche(gate, bit);
    }
    return seen;
  }

  #followAvalanche(cause: number, detector: number): void {
    this.#schedule({ gate: 0, cause, detector, exposure: this.#nextExposure });
    this.#drawAfterpulse();
  }

  /** As if the rates of all avalanches stood one after the other: one number for the rare afterpulse instead of one for each avalanche. */
  #drawAfterpulse(): void {
    const exposure = exponential(this.#random);
    this.#untilAfterpulse = Math.floor(exposure / this.#afterpulse);
    this.#nextExposure = exposure - this.#untilAfterpulse * this.#afterpulse;
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
      do pulse.exposure += exponential(this.#random);
      while (this.#gateOf(pulse) === at);
      this.#schedule(pulse);
    }
    return pattern;
  }

  /**
   * The gate in which the integrated rate since the cause reaches the pulse's exposure. In gate j after an avalanche an
   * afterpulse comes with 1 − exp(−rate · decay^j), and all these exponents sum to `afterpulse`.
   */
  #gateOf({ cause, exposure }: Afterpulse): number {
    const left = 1 - exposure / this.#afterpulse;
    return left <= 0 ? Infinity : cause + Math.max(1, Math.ceil(-Math.log(left) * this.#afterpulseGates));
  }
}
