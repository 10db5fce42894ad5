/** What Eve's attacks on the light do to the counts, and what a bound from these counts makes of it. */
import { expect } from 'chai';
import { type Counts, type PerIntensity, keyLength } from '../distillation/finite-key.js';
import { rateWithoutDecoys } from '../distillation/key-rate/without-decoys.js';
import { metro } from '../profiles/metro.js';
import type { WeakPulseProfile } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { clickTable } from './click-table.js';
import { type Eve, noEve, splittingYields } from './eve.js';
import { aliceBasis, aliceBit, bobBasis, intensityOf, patternOf } from './gate.js';
import { Optics } from './optics.js';

const splitting: Eve = { attack: 'photon-number-splitting', fraction: 1, fiberLossDb: 0 };
/** Without noise of the devices, so that what is left is Eve's. */
const quiet: WeakPulseProfile = { ...metro, afterpulse: 0, deadGates: 0 };

interface Seen {
  readonly counts: Counts;
  readonly gates: number;
  readonly keyErrors: number;
}

/** What the two ends would count of so many clicks. */
const seen = (profile: WeakPulseProfile, eve: Eve, clicks: number): Seen => {
  const optics = new Optics(profile, new RandomNumbers(seededRandom(new Uint8Array(32).fill(11))), eve);
  const counts = { key: [0, 0, 0], check: [0, 0, 0], checkErrors: [0, 0, 0] };
  let keyErrors = 0;
  for (const gate of optics.next(clicks).gates) {
    if (aliceBasis(gate) !== bobBasis(gate)) continue;
    const pattern = patternOf(gate);
    const wrong = pattern === 3 ? gate & 1 : Number(pattern - 1 !== aliceBit(gate));
    const k = intensityOf(gate);
    if (aliceBasis(gate) === 0) {
      counts.key[k]!++;
      keyErrors += wrong;
    } else {
      counts.check[k]!++;
      counts.checkErrors[k]! += wrong;
    }
  }
  const { key, check, checkErrors } = counts as unknown as Record<keyof Counts, PerIntensity>;
  return { counts: { key, check, checkErrors }, gates: optics.gates, keyErrors };
};
const sum = (values: PerIntensity): number => values[0] + values[1] + values[2];

describe('eve', function () {
  this.timeout(120_000);

  it('splits photon numbers without changing how often Bob clicks', () => {
    for (const lossDb of [0, 2, 5, 10, 20, 40]) {
      const profile = { ...metro, lossDb };
      const { clickProbability } = clickTable(profile, splitting);
      // Without loss she cannot: a photon of each pulse is missing.
      if (lossDb === 0) expect(clickProbability).below(clickTable(profile, noEve).clickProbability);
      else expect(clickProbability).closeTo(clickTable(profile, noEve).clickProbability, 1e-12);
    }
    expect(splittingYields({ ...metro, lossDb: 10 }, 0)).property('single').closeTo(0, 1e-12);
  });

  it('splits without an error, and the decoys leave no key', () => {
    const [before, during] = [seen(quiet, noEve, 1_500_000), seen(quiet, splitting, 1_500_000)];
    const rate = ({ counts, keyErrors }: Seen): number => keyErrors / sum(counts.key);
    // About 900,000 sifted bits each, five standard deviations of the difference at 2 %: a false alarm in 10^6.
    expect(Math.abs(rate(during) - rate(before))).below(5 * Math.sqrt((2 * 0.02 * 0.98) / 900_000));
    expect(Math.abs(during.gates / before.gates - 1)).below(5 * Math.sqrt(2 / 1_500_000));
    const disclosed = 0.16 * sum(before.counts.key);
    expect(keyLength(before.counts, metro, disclosed).bits).above(200_000);
    const bound = keyLength(during.counts, metro, disclosed);
    expect(bound.bits).below(0);
    expect(bound.single).equal(0);
  });

  it('takes from the key what she split of a part of the pulses', () => {
    const bits = [0, 0.1, 0.2].map((fraction) => {
      const { counts } = seen(quiet, { attack: 'photon-number-splitting', fraction, fiberLossDb: 0 }, 1_500_000);
      return keyLength(counts, metro, 0.16 * sum(counts.key)).bits;
    });
    expect(bits[0]).above(bits[1]!);
    expect(bits[1]).above(bits[2]!);
  });

  it('is not seen where there are no decoys: then only a bound that gives her all multi-photon pulses is safe', () => {
    // One intensity only. n = 1.5 · 10^6 clicks: rate and errors are the same within five standard deviations.
    const alone: WeakPulseProfile = { ...quiet, intensities: [0.42, 0.42, 0.42] };
    const [before, during] = [seen(alone, noEve, 1_500_000), seen(alone, splitting, 1_500_000)];
    expect(Math.abs(during.gates / before.gates - 1)).below(5 * Math.sqrt(2 / 1_500_000));
    const [gain, qber] = [1_500_000 / during.gates, during.keyErrors / sum(during.counts.key)];
    expect(Math.abs(qber - before.keyErrors / sum(before.counts.key))).below(5 * Math.sqrt((2 * 0.02 * 0.98) / 900_000));
    // She has a photon of every pulse that clicked, yet a bound that takes each click for a single photon finds key.
    expect(splittingYields(alone, 0).single).equal(0);
    expect(rateWithoutDecoys({ gain, qber, intensity: 0, efficiency: 1.16 })).above(0);
    expect(rateWithoutDecoys({ gain, qber, intensity: 0.42, efficiency: 1.16 })).equal(0);
    // It is not zero everywhere: a faint source over little loss has key without decoys.
    const { clickProbability } = clickTable({ ...alone, lossDb: 1, intensities: [0.1, 0.1, 0.1] }, noEve);
    expect(rateWithoutDecoys({ gain: clickProbability, qber: 0.02, intensity: 0.1, efficiency: 1.16 })).above(0);
  });

  it('blinds without changing rates, errors or the decoys\' bound: only the monitor of clicks is left', () => {
    const { counts, gates, keyErrors } = seen(quiet, { attack: 'blinding' }, 1_500_000);
    const before = seen(quiet, noEve, 1_500_000);
    expect(Math.abs(gates / before.gates - 1)).below(0.01);
    expect(keyErrors / sum(counts.key)).closeTo(0.02, 0.001);
    const disclosed = 0.16 * sum(counts.key);
    expect(keyLength(counts, metro, disclosed).bits).within(0.9 * keyLength(before.counts, metro, disclosed).bits, 1.1 * keyLength(before.counts, metro, disclosed).bits);
  });
});
