/** The law of weak pulses against the closed formulas of the literature. */
import { expect } from 'chai';
import { gys } from '../profiles/literature.js';
import { metro } from '../profiles/metro.js';
import type { WeakPulseProfile } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { clickTable } from './click-table.js';
import { noEve } from './eve.js';
import { X, aliceBasis, aliceBit, bobBasis, intensityOf, patternOf } from './gate.js';
import { Optics } from './optics.js';
import { weakPulseSettings } from './weak-pulses.js';

/** How often a signal pulse in the key basis is seen, and how often wrongly, a coin deciding on two clicks. */
const signal = (profile: WeakPulseProfile): { gain: number; errorRate: number } => {
  let [sent, seen, wrong] = [0, 0, 0];
  for (const { code, probability, law } of weakPulseSettings(profile, noEve)) {
    if (aliceBasis(code) !== X || bobBasis(code) !== X || intensityOf(code) !== 0) continue;
    const [none = 0, first = 0, second = 0, both = 0] = law;
    sent += probability;
    seen += probability * (1 - none);
    wrong += probability * ((aliceBit(code) === 0 ? second : first) + both / 2);
  }
  return { gain: seen / sent, errorRate: wrong / seen };
};

describe('weak pulses', () => {
  it('have the gain and the error rate of the GYS experiment', () => {
    const at = (fiberKm: number): ReturnType<typeof signal> => signal({ ...gys, lossDb: 0.21 * fiberKm, intensities: [0.48, 0.05, 0] });
    // Ma et al. know no double clicks, which turn some wrong clicks into coins at 0 km.
    expect(at(0).gain).closeTo(2.13701e-2, 5e-7);
    expect(at(0).errorRate).closeTo(3.3037e-2, 1e-4);
    expect(at(40).gain).closeTo(3.1189758e-3, 1e-10);
    expect(at(40).errorRate).closeTo(0.033255, 2e-5);
  });

  it('sum to one over settings and patterns', () => {
    for (const profile of [gys, metro]) {
      const { clicks, silences, clickProbability } = clickTable(profile, noEve);
      expect(silences.reduce((sum, { weight }) => sum + weight, clickProbability)).closeTo(1, 1e-12);
      expect(clicks.every(({ weight }) => weight > 0)).equal(true);
    }
  });

  it('are seen R / (1 + Rτ) times by a detector with a dead time τ', () => {
    const profile = { ...metro, lossDb: 0, detectorEfficiency: 1, deadGates: 40, afterpulse: 0 };
    const optics = new Optics(profile, new RandomNumbers(seededRandom(new Uint8Array(32))));
    const { gates } = optics.next(200_000);
    for (const detector of [1, 2]) {
      const rate = clickTable(profile, noEve).clicks.reduce((sum, { code, weight }) => sum + (patternOf(code) & detector ? weight : 0), 0);
      const expected = (optics.gates * rate) / (1 + rate * profile.deadGates);
      // Dead time makes clicks more regular than Poisson's: five deviations are a false alarm in 10^6 at most.
      expect(Math.abs(gates.filter((gate) => patternOf(gate) & detector).length - expected)).below(5 * Math.sqrt(expected));
    }
  });
});
