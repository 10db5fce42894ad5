/** The event sampler against a simulation of every single pulse, and against what theory says of Eve. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { entangledMetro } from '../profiles/entangled-metro.js';
import { metro } from '../profiles/metro.js';
import type { PairProfile, Profile } from '../profiles/profile.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { chiSquare, chiSquareLimit, histogram } from '../testing/chi-square.js';
import { type Eve, noEve } from './eve.js';
import type { ClickBatch } from './event-sampler.js';
import { aliceBasis, aliceBit, bobBasis, intensityOf, patternOf } from './gate.js';
import { Optics } from './optics.js';
import { pulseByPulse } from './pulse-by-pulse.js';

const intercepting = (fraction: number): Eve => ({ attack: 'intercept-resend', fraction });
const numbers = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));

/** A bright link whose detectors are blind for long, and fire again by themselves often. */
const harsh = { lossDb: 0, detectorEfficiency: 0.5, deadGates: 5, afterpulse: 0.3, afterpulseGates: 20, darkCount: 1e-3 };
/** A bright source of pairs, so that many gates hold several. */
const pairs: PairProfile = { ...entangledMetro, lossDb: 10, aliceLossDb: 0, misalignment: 0.02, meanPairs: 0.5, keyBasisProbability: 0.78, bellProbability: 0.3 };

const cases: readonly [string, Profile, Eve][] = [
  ['the default link', { ...metro, lossDb: 3 }, noEve],
  ['a bright link with dead time and strong afterpulses', { ...metro, ...harsh }, noEve],
  ['the same while Eve intercepts', { ...metro, ...harsh }, intercepting(0.6)],
  ['a link while Eve splits photon numbers', { ...metro, lossDb: 3 }, { attack: 'photon-number-splitting', fraction: 0.7, fiberLossDb: 1 }],
  ['a blinded link', { ...metro, lossDb: 5, darkCount: 0, afterpulse: 0 }, { attack: 'blinding' }],
  ['a link without any noise', { ...metro, lossDb: 3, deadGates: 0, afterpulse: 0, darkCount: 0, misalignment: 0 }, noEve],
  ['a link with a long dead time', { ...metro, lossDb: 0, detectorEfficiency: 1, deadGates: 40 }, noEve],
  ['a link of pairs', { ...pairs, lossDb: 1, detectorEfficiency: 0.6 }, noEve],
  ['a harsh link of pairs', { ...pairs, ...harsh, aliceLossDb: 2 }, noEve],
  ['a link of pairs while Eve intercepts', { ...pairs, lossDb: 1, detectorEfficiency: 0.6 }, intercepting(0.5)],
];

describe('optics', function () {
  this.timeout(120_000);

  cases.forEach(([name, profile, eve], index) => {
    // 10^6 pulses against twice their number of clicks; four tests a case, each with a false alarm in 10^6.
    it(`has the same law as every pulse of ${name}`, () => {
      const pulses = 1_000_000;
      const reference = pulseByPulse(profile, numbers(index), pulses, eve);
      const optics = new Optics(profile, numbers(index + 100), eve);
      const sampled = optics.next(2 * reference.gates.length);
      const same = (what: string, of: (batch: ClickBatch) => number[]): void => {
        const { value, freedom } = chiSquare(of(reference), of(sampled));
        expect(value, `${what}, ${freedom} degrees of freedom, ${reference.gates.length} clicks`).below(chiSquareLimit(freedom));
      };
      same('settings and patterns', ({ gates }) => histogram(gates, 256));
      same('gaps', ({ gaps }) => histogram(Array.from(gaps, (gap) => Math.min(127, Math.floor(gap <= 64 ? gap : 64 + 4 * Math.log2(gap / 64)))), 128));
      // Follow-ups of the same detector, where afterpulses and dead time show.
      same('patterns that follow each other soon', ({ gates, gaps }) =>
        histogram(Array.from(gates.subarray(1), (gate, i) => (gaps[i + 1]! <= 20 ? 4 * patternOf(gates[i]!) + patternOf(gate) : 0)), 16));
      // Clicks per gate: their numbers are less scattered than Poisson's, so that five deviations are more than enough.
      const expected = (reference.gates.length * optics.gates) / pulses;
      expect(Math.abs(sampled.gates.length - expected)).below(5 * Math.sqrt(expected * (1 + optics.gates / pulses)) * (1 + profile.afterpulse));
    });
  });

  it('has the same law however time is cut into batches', () => {
    const profile = { ...metro, ...harsh, detectorEfficiency: 0.1 };
    const whole = new Optics(profile, numbers(8)).next(100_000);
    const cuts: readonly ((optics: Optics, batch: number) => ClickBatch)[] = [
      (optics) => optics.next(1),
      // Seven gates, about a quarter of the time between clicks.
      (optics, batch) => optics.next(10, (7 * batch) / profile.gateHz),
    ];
    for (const [index, next] of cuts.entries()) {
      const optics = new Optics(profile, numbers(9 + index));
      const [gates, gaps]: [number[], number[]] = [[], []];
      for (let batch = 1; gates.length < 25_000; batch++) {
        const clicks = next(optics, batch);
        gates.push(...clicks.gates);
        gaps.push(...clicks.gaps);
      }
      for (const [what, cut, uncut] of [['settings and patterns', gates, [...whole.gates]], ['gaps', gaps, [...whole.gaps]]] as const) {
        const { value, freedom } = chiSquare(histogram(cut.map((of) => Math.min(255, of)), 256), histogram(uncut.map((of) => Math.min(255, of)), 256));
        expect(value, `${what}, ${freedom} degrees of freedom`).below(chiSquareLimit(freedom));
      }
    }
  });

  it('gives the clicks of the committed digest from a seed', () => {
    const digest = ({ gaps, gates }: ClickBatch): string => createHash('sha256').update(gaps).update(gates).digest('hex').slice(0, 32);
    expect(digest(new Optics({ ...metro, ...harsh }, numbers(7)).next(100_000))).equal('dfc15d39862ee8b62e8cc87e3b9b696f');
    expect(digest(new Optics(pairs, numbers(7)).next(10_000))).equal('5775c34da4e879d6ee5302111e6383a5');
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
    expect(value).below(chiSquareLimit(freedom));
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
