/** The event sampler against a simulation of every single pulse, and against what theory says of Eve. */
import { expect } from 'chai';
import { type Profile, profileOf } from '../profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { aliceBasis, aliceBit, bobBasis, intensityOf, patternOf } from './click-table.js';
import type { Eve } from './eve.js';
import { type ClickBatch, Optics } from './optics.js';

const metro = profileOf('metro-10dB');
const intercepting = (fraction: number): Eve => ({ attack: 'intercept-resend', fraction });
const numbers = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));

/** Every pulse of a link, one by one, with the state that Eve sends on, dead times and the decaying afterpulse rate. */
const everyPulse = (profile: Profile, intercept: number, random: RandomNumbers, gates: number): ClickBatch => {
  const transmittance = profile.detectorEfficiency * 10 ** (-profile.lossDb / 10);
  const decay = Math.exp(-1 / profile.afterpulseGates);
  const rate = (profile.afterpulse * (1 - decay)) / decay;
  const chance = (p: number): boolean => random.uniform() < p;
  const [hazard, blindUntil] = [[0, 0], [0, 0]];
  const [gaps, seen]: [number[], number[]] = [[], []];
  let last = 0;
  for (let gate = 1; gate <= gates; gate++) {
    const [alice, bob] = [chance(profile.keyBasisProbability) ? 0 : 1, chance(profile.keyBasisProbability) ? 0 : 1];
    const bit = random.bit();
    const u = random.uniform();
    const [p1, p2] = profile.intensityProbabilities;
    const intensity = u < p1 ? 0 : u < p1 + p2 ? 1 : 2;
    let [basis, state]: [number, number] = [alice, bit];
    if (chance(intercept)) {
      basis = random.bit();
      state = basis === alice ? bit : random.bit();
    }
    const share0 = basis !== bob ? 0.5 : state === 0 ? 1 - profile.misalignment : profile.misalignment;
    const mean = profile.intensities[intensity] * transmittance;
    let pattern = 0;
    for (const detector of [0, 1] as const) {
      hazard[detector]! *= decay;
      const light = chance(1 - Math.exp(-mean * (detector === 0 ? share0 : 1 - share0)) * (1 - profile.darkCount));
      const after = chance(1 - Math.exp(-hazard[detector]!));
      if ((light || after) && gate > blindUntil[detector]!) {
        pattern |= 1 << detector;
        blindUntil[detector] = gate + profile.deadGates;
        hazard[detector]! += rate;
      }
    }
    if (pattern === 0) continue;
    gaps.push(gate - last);
    seen.push(alice | (bit << 1) | (intensity << 2) | (bob << 4) | (pattern << 5));
    last = gate;
  }
  return { gaps: Uint32Array.from(gaps), gates: Uint8Array.from(seen) };
};

const histogram = (values: Iterable<number>, cells: number): number[] => {
  const counts = new Array<number>(cells).fill(0);
  for (const value of values) counts[value]!++;
  return counts;
};

/** Chi-square of homogeneity of two histograms; cells that are rare in both are left out. */
const chiSquare = (a: readonly number[], b: readonly number[]): { value: number; freedom: number } => {
  const cells = a.map((count, index) => [count, b[index]!] as const).filter(([x, y]) => x + y >= 10);
  const [totalA, totalB] = cells.reduce(([x, y], [dx, dy]) => [x + dx, y + dy], [0, 0]);
  const ratio = Math.sqrt(totalB / totalA);
  return { value: cells.reduce((sum, [x, y]) => sum + (ratio * x - y / ratio) ** 2 / (x + y), 0), freedom: cells.length - 1 };
};

/** The value that chi-square passes with probability 10⁻⁶ (Wilson and Hilferty). */
const limit = (freedom: number): number => freedom * (1 - 2 / (9 * freedom) + 4.75 * Math.sqrt(2 / (9 * freedom))) ** 3;

describe('optics', function () {
  this.timeout(60_000);

  const cases: [string, Partial<Profile>, number][] = [
    ['a bright link with dead time and strong afterpulses', { lossDb: 0, detectorEfficiency: 0.5, deadGates: 5, afterpulse: 0.3, afterpulseGates: 20, darkCount: 1e-3 }, 0],
    ['the same with Eve', { lossDb: 0, detectorEfficiency: 0.5, deadGates: 5, afterpulse: 0.3, afterpulseGates: 20, darkCount: 1e-3 }, 0.6],
    ['a link without any noise', { lossDb: 3, deadGates: 0, afterpulse: 0, darkCount: 0, misalignment: 0 }, 0],
  ];
  cases.forEach(([name, change, intercept], index) => {
    // n = 10^6 pulses against 2·10^5 skipped clicks or so; three tests a case, each with a false alarm in 10^6.
    it(`has the same law as every pulse of ${name}`, () => {
      const profile = { ...metro, ...change };
      const reference = everyPulse(profile, intercept, numbers(index), 1_000_000);
      const sampled = new Optics(profile, numbers(index + 10), intercepting(intercept)).next(2 * reference.gates.length);
      const settings = chiSquare(histogram(reference.gates, 128), histogram(sampled.gates, 128));
      expect(settings.value).below(limit(settings.freedom));
      const bin = (gap: number): number => Math.min(63, Math.floor(gap <= 32 ? gap : 32 + 4 * Math.log2(gap / 32)));
      const gaps = chiSquare(histogram(Array.from(reference.gaps, bin), 64), histogram(Array.from(sampled.gaps, bin), 64));
      expect(gaps.value).below(limit(gaps.freedom));
      // Follow-ups of the same detector, where afterpulses and dead time show.
      const follow = ({ gates, gaps: between }: ClickBatch): number[] =>
        histogram(Array.from(gates.subarray(1), (gate, i) => (between[i + 1]! <= 20 ? 4 * patternOf(gates[i]!) + patternOf(gate) : 0)), 16);
      const pairs = chiSquare(follow(reference), follow(sampled));
      expect(pairs.value).below(limit(pairs.freedom));
    });
  });

  it('repeats itself from a seed', () => {
    const once = new Optics(metro, numbers(1)).next(1000);
    expect(new Optics(metro, numbers(1)).next(1000)).deep.equal(once);
    expect(new Optics(metro, numbers(2)).next(1000)).not.deep.equal(once);
  });

  it('keeps a detector blind after an avalanche, across batches', () => {
    const optics = new Optics({ ...metro, lossDb: 0, detectorEfficiency: 1, deadGates: 30 }, numbers(3));
    const last = [-Infinity, -Infinity];
    let gate = 0;
    for (let batch = 0; batch < 50; batch++) {
      const { gaps, gates } = optics.next(100);
      gates.forEach((click, i) => {
        gate += gaps[i]!;
        for (const detector of [0, 1]) {
          if (((patternOf(click) >> detector) & 1) === 0) continue;
          expect(gate - last[detector]!).above(30);
          last[detector] = gate;
        }
      });
    }
    expect(optics.gates).equal(gate);
  });

  /** Error rate of the key basis among clicks of one detector. */
  const errorRate = (gates: Uint8Array): { qber: number; bits: number } => {
    const sifted = gates.filter((gate) => aliceBasis(gate) === 0 && bobBasis(gate) === 0 && patternOf(gate) < 3);
    return { qber: sifted.filter((gate) => aliceBit(gate) !== patternOf(gate) - 1).length / sifted.length, bits: sifted.length };
  };

  it('shows intercept-resend on a fraction p as a QBER of p/4', () => {
    const clean = { ...metro, misalignment: 0, darkCount: 0, afterpulse: 0 };
    for (const fraction of [1, 0.5, 0.1]) {
      const { qber, bits } = errorRate(new Optics(clean, numbers(4), intercepting(fraction)).next(300_000).gates);
      // About 180,000 bits; five standard deviations: a false alarm in 10^6.
      expect(Math.abs(qber - fraction / 4), `p ${fraction}, n ${bits}`).below(5 * Math.sqrt(((fraction / 4) * (1 - fraction / 4)) / bits));
    }
  });

  it('leaves the counts of the intensities as they are when Eve listens', () => {
    const counts = (fraction: number): number[] => histogram(new Optics(metro, numbers(5), intercepting(fraction)).next(200_000).gates.map((gate) => intensityOf(gate)), 3);
    const { value, freedom } = chiSquare(counts(0), counts(1));
    expect(value).below(limit(freedom));
  });

  it('lets Eve come and go between batches', () => {
    const optics = new Optics(metro, numbers(6));
    const rates = [0, 1, 0].map((fraction) => {
      optics.setEve(intercepting(fraction));
      return errorRate(optics.next(50_000).gates).qber;
    });
    expect(rates[0]).below(0.04);
    expect(rates[1]).above(0.2);
    expect(rates[2]).below(0.04);
  });
});
