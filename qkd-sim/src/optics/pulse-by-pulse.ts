/**
 * The same link as `Optics`, emulated pulse by pulse and photon by photon, as plainly as it can be written: the reference
 * that the fast sampler is tested against, and its baseline. It knows steady losses only.
 */
import { type Profile, steadyLossDb } from '../profiles/profile.js';
import type { RandomNumbers } from '../random.js';
import { type Eve, noEve } from './eve.js';
import type { ClickBatch } from './event-sampler.js';
import { pairByPair } from './pair-by-pair.js';
import { photonByPhoton } from './photon-by-photon.js';

/** Runs a link for a number of gates. */
export const pulseByPulse = (profile: Profile, random: RandomNumbers, gates: number, eve: Eve = noEve): ClickBatch => {
  const steady = { ...profile, lossDb: steadyLossDb(profile) };
  const pairs = steady.source === 'photon-pairs';
  const next = steady.source === 'photon-pairs' ? pairByPair(steady, random, eve) : photonByPhoton(steady, random, eve);
  const decay = Math.exp(-1 / profile.afterpulseGates);
  const rate = (profile.afterpulse * (1 - decay)) / decay;
  const hazard = new Float64Array(4);
  const blindUntil = new Float64Array(4);
  const [gaps, seen]: [number[], number[]] = [[], []];
  let last = 0;
  for (let gate = 1; gate <= gates; gate++) {
    const { settings, fired } = next();
    let pattern = 0;
    for (let detector = 0; detector < (pairs ? 4 : 2); detector++) {
      const left = (hazard[detector] ?? 0) * decay;
      hazard[detector] = left;
      const after = random.uniform() < -Math.expm1(-left);
      if (!(((fired >> detector) & 1) === 1 || after) || gate <= (blindUntil[detector] ?? 0)) continue;
      pattern |= 1 << detector;
      blindUntil[detector] = gate + profile.deadGates;
      hazard[detector] = left + rate;
    }
    if (pattern === 0) continue;
    let click = settings | (pattern << 5);
    if (pairs) {
      const [alice, bob] = [pattern & 3, pattern >> 2];
      if (alice === 0 || bob === 0) continue;
      click = settings | ((alice === 3 ? random.bit() : alice - 1) << 1) | (bob << 5);
    }
    gaps.push(gate - last);
    seen.push(click);
    last = gate;
  }
  return { gaps: Uint32Array.from(gaps), gates: Uint8Array.from(seen) };
};
