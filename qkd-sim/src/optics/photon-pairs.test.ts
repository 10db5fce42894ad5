/** Pairs against the closed formulas of the literature. */
import { expect } from 'chai';
import fc from 'fast-check';
import { entangledMetro } from '../profiles/entangled-metro.js';
import type { PairProfile } from '../profiles/profile.js';
import { noEve } from './eve.js';
import { pairSettings } from './photon-pairs.js';

const laws = (profile: PairProfile, eve = noEve): readonly (readonly number[])[] => pairSettings(profile, eve).map(({ law }) => law);
const total = (law: readonly number[], wanted: (alice: number, bob: number) => number): number =>
  law.reduce((sum, probability, pattern) => sum + probability * wanted(pattern & 3, pattern >> 2), 0);
/** Both ends click. */
const coincidence = (alice: number, bob: number): number => Number(alice > 0 && bob > 0);
/** The product of outcomes ±1, with a fair coin for two clicks at one end. */
const correlation = (alice: number, bob: number): number => (coincidence(alice, bob) && alice !== 3 && bob !== 3 ? (alice === bob ? 1 : -1) : 0);

describe('photon pairs', () => {
  const profiles = fc.record({
    meanPairs: fc.double({ min: 1e-3, max: 1, noNaN: true }), aliceLossDb: fc.double({ min: 0, max: 30, noNaN: true }),
    lossDb: fc.double({ min: 0, max: 30, noNaN: true }), darkCount: fc.double({ min: 0, max: 1e-2, noNaN: true }), misalignment: fc.double({ min: 0, max: 0.2, noNaN: true }),
  }).map((change): PairProfile => ({ ...entangledMetro, detectorEfficiency: 0.7, ...change }));

  /** Their gain, with Y₀ what either of two detectors sees in the dark, and their errors without dark counts. */
  const published = ({ meanPairs, aliceLossDb, lossDb, detectorEfficiency, darkCount, misalignment }: PairProfile): { gain: number; errors: number } => {
    const [a, b] = [aliceLossDb, lossDb].map((db) => detectorEfficiency * 10 ** (-db / 10)) as [number, number];
    const lambda = meanPairs / 2;
    const lit = (1 - darkCount) ** 2;
    const either = 1 + a * lambda + b * lambda - a * b * lambda;
    const gain = 1 - lit / (1 + a * lambda) ** 2 - lit / (1 + b * lambda) ** 2 + lit ** 2 / either ** 2;
    return { gain, errors: gain / 2 - ((1 - 2 * misalignment) * a * b * lambda * (1 + lambda)) / ((1 + a * lambda) * (1 + b * lambda) * either) };
  };
  const errorsOf = (law: readonly number[]): number => (total(law, coincidence) - total(law, correlation)) / 2;

  it('has the gain of Ma, Fung and Lo', () => {
    fc.assert(fc.property(profiles, (profile) => {
      expect(total(laws(profile)[0]!, coincidence)).closeTo(published(profile).gain, 1e-12);
    }));
  });

  it('has their errors of aligned ends, and of misaligned ones up to what several pairs at once add', () => {
    fc.assert(fc.property(profiles, (any) => {
      const misaligned = { ...any, darkCount: 0 };
      const aligned = { ...misaligned, misalignment: 0 };
      expect(errorsOf(laws(aligned)[0]!)).closeTo(published(aligned).errors, 1e-12);
      // They count a share of the single pairs as wrong; here all photons are turned.
      const { gain, errors } = published(misaligned);
      expect(errorsOf(laws(misaligned)[0]!)).closeTo(errors, 0.01 * gain * misaligned.meanPairs);
    }));
  });

  it('is a law, the same for both bases', () => {
    fc.assert(fc.property(profiles, (profile) => {
      for (const law of laws(profile)) expect(law.reduce((sum, p) => sum + p, 0)).closeTo(1, 1e-12);
      laws(profile)[0]!.forEach((probability, pattern) => { expect(laws(profile)[3]![pattern]).closeTo(probability, 1e-14); });
    }));
  });

  it('breaks the CHSH inequality by 2√2 (1 − 2Q) when pairs come one by one', () => {
    const value = (profile: PairProfile, eve = noEve): number => {
      // Codes: Alice's basis, Bob's basis, turned.
      const [one, two, three, four] = [0b100, 0b101, 0b110, 0b111].map((code) => {
        const law = laws(profile, eve)[code]!;
        return total(law, correlation) / total(law, coincidence);
      }) as [number, number, number, number];
      return one - two + three + four;
    };
    const faint = { ...entangledMetro, meanPairs: 1e-6, darkCount: 0, misalignment: 0 };
    expect(value(faint)).closeTo(2 * Math.SQRT2, 1e-5);
    expect(value({ ...faint, misalignment: 0.02 })).closeTo(2.71529, 2e-5);
    expect(value({ ...faint, misalignment: 0.1464466 })).closeTo(2, 2e-5);
    expect(value(faint, { attack: 'intercept-resend', fraction: 1 })).closeTo(Math.SQRT2, 1e-5);
  });
});
