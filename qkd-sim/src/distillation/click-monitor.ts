/**
 * The receiver's own watch on its clicks. Weak light now and then fires both detectors, as often as the source's
 * photon statistics and the two detectors' shares say, and clicks as often in one basis as in the other; whoever makes
 * the detectors click with bright light has to imitate all of that.
 */
import { steadyLossDb, type Profile } from '../profiles/profile.js';
import { clickTable } from '../optics/click-table.js';
import { noEve } from '../optics/eve.js';
import { type Gate, bobBasis, patternOf } from '../optics/gate.js';
import type { Detections } from './sifting.js';

/** Standard deviations of chance beyond which a number of clicks is not chance: a false alarm in 10⁸ looks. */
const DEVIATIONS = 6;
/** Clicks before the first look. */
const LEAST_CLICKS = 10_000;
/** What drift of the devices may do: a factor to the rate of clicks, shares to that of a basis and to coincidences. */
const RATE_FACTOR = 2;
const BASIS_DRIFT = 0.05;
const FEWER_COINCIDENCES = 0.25;

/** Clicks of one basis of Bob's: of each detector alone or with the other, and of both at once. */
interface BasisClicks {
  any: number;
  first: number;
  second: number;
  both: number;
}

const noClicks = (): [BasisClicks, BasisClicks] => [{ any: 0, first: 0, second: 0, both: 0 }, { any: 0, first: 0, second: 0, both: 0 }];

const add = (counts: readonly [BasisClicks, BasisClicks], gate: Gate, weight: number): void => {
  const pattern = patternOf(gate);
  const of = counts[bobBasis(gate) as 0 | 1];
  of.any += weight;
  if (pattern & 1) of.first += weight;
  if (pattern & 2) of.second += weight;
  if (pattern === 3) of.both += weight;
};

export class ClickMonitor {
  readonly #profile: Profile;
  readonly #law = noClicks();
  readonly #seen = noClicks();
  #gates = 0;

  /** Takes what the clicks of the link must be like from its profile: the device's calibration. */
  constructor(profile: Profile) {
    this.#profile = profile;
    if (!this.#watches) return;
    for (const { code, weight } of clickTable({ ...profile, lossDb: steadyLossDb(profile) }, noEve).clicks) add(this.#law, code, weight);
  }

  /** Takes one batch of clicks and says what is wrong with all so far; undefined when nothing is. */
  alarm({ gaps, gates }: Detections): string | undefined {
    for (const gap of gaps) this.#gates += gap;
    for (const gate of gates) add(this.#seen, gate, 1);
    if (!this.#watches || this.#seen[0].any + this.#seen[1].any < LEAST_CLICKS) return undefined;
    return this.#rateAlarm() ?? this.#basisAlarm() ?? this.#coincidenceAlarm(0) ?? this.#coincidenceAlarm(1);
  }

  /** Pairs are watched by Bell's inequality; a satellite's calibration would have to follow its loss. */
  get #watches(): boolean {
    return this.#profile.source === 'weak-pulses' && this.#profile.satellite === undefined;
  }

  #rateAlarm(): string | undefined {
    const [x, z] = this.#law;
    // Each click costs its detector the dead time.
    const alive = (rate: number): number => rate / (1 + rate * this.#profile.deadGates);
    const expected = this.#gates * (alive(x.first + z.first) + alive(x.second + z.second));
    const seen = this.#seen[0].any + this.#seen[1].any;
    if (seen <= RATE_FACTOR * expected && seen >= expected / RATE_FACTOR) return undefined;
    return `${seen} clicks where ${Math.round(expected)} were expected`;
  }

  #basisAlarm(): string | undefined {
    const [lawX, lawZ] = this.#law;
    const share = lawX.any / (lawX.any + lawZ.any);
    const [x, z] = this.#seen;
    const expected = share * (x.any + z.any);
    const off = Math.abs(x.any - expected);
    if (off <= BASIS_DRIFT * expected || off <= DEVIATIONS * Math.sqrt(expected * (1 - share))) return undefined;
    return `${x.any} clicks in the key basis where ${Math.round(expected)} were expected`;
  }

  /** Coincidences against what the two detectors' own clicks make likely: the loss cancels, and so does dead time. */
  #coincidenceAlarm(basis: 0 | 1): string | undefined {
    const [law, seen] = [this.#law[basis], this.#seen[basis]];
    const chosen = basis === 0 ? this.#profile.keyBasisProbability : 1 - this.#profile.keyBasisProbability;
    const correlation = (law.both * chosen) / (law.first * law.second);
    const expected = (correlation * seen.first * seen.second) / (this.#gates * chosen);
    // Only too few of them: more come with background light, which the error rate shows.
    const missing = expected - seen.both;
    if (missing <= FEWER_COINCIDENCES * expected || missing <= DEVIATIONS * Math.sqrt(expected)) return undefined;
    return `${seen.both} double clicks in the ${basis === 0 ? 'key' : 'check'} basis where ${Math.round(expected)} were expected`;
  }
}
