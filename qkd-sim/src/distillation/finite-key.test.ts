/** The key length against the reference values of the literature and of an independent implementation. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Counts, type DecoyParameters, entropy, keyLength } from './finite-key.js';

describe('finite key', () => {
  it('knows the binary entropy', () => {
    const values = [[0.01, 0.0807931], [0.02, 0.1414405], [0.03, 0.1943919], [0.05, 0.286397], [0.1, 0.4689956], [0.11, 0.499916]] as const;
    for (const [p, h] of values) expect(entropy(p)).closeTo(h, 5e-8);
    expect([entropy(0), entropy(1), entropy(0.5)]).deep.equal([0, 0, 1]);
    expect(1 - 2 * entropy(0.1100279)).closeTo(0, 5e-7);
    expect(1 - 2 * entropy(0.05)).closeTo(0.4272061, 5e-8);
  });

  // Lim et al. 2014 at 100 km and 10^7 sifted bits, with η_sys where the paper's error model prints η_ch.
  const parameters: DecoyParameters = {
    intensities: [0.42, 0.21, 2e-4], intensityProbabilities: [0.4, 0.42, 0.18], secrecyEpsilon: 1e-10, correctnessEpsilon: 1e-15,
  };
  const block = ((): { counts: Counts; leak: number; qber: number } => {
    const [bobEfficiency, dark, afterpulse, misalignment, keyBasis] = [0.1, 6e-7, 0.04, 5e-3, 0.85];
    const transmittance = bobEfficiency * 10 ** -2;
    const per = (f: (mean: number, p: number) => number): [number, number, number] => {
      const [a, b, c] = parameters.intensities.map((mean, k) => f(mean, parameters.intensityProbabilities[k]!));
      return [a!, b!, c!];
    };
    const detected = (mean: number): number => 1 - (1 - 2 * dark) * Math.exp(-transmittance * mean);
    const gains = per((mean, p) => p * detected(mean) * (1 + afterpulse));
    const errors = per((mean, p) => p * (dark + misalignment * (1 - Math.exp(-transmittance * mean)) + (afterpulse * detected(mean)) / 2));
    const total = gains[0] + gains[1] + gains[2];
    const pulses = 1e7 / (keyBasis ** 2 * total);
    const scaled = (values: readonly [number, number, number], share: number): [number, number, number] =>
      [values[0] * pulses * share, values[1] * pulses * share, values[2] * pulses * share];
    const check = (1 - keyBasis) ** 2;
    const counts = { key: scaled(gains, keyBasis ** 2), check: scaled(gains, check), checkErrors: scaled(errors, check) };
    const qber = (errors[0] + errors[1] + errors[2]) / total;
    return { counts, qber, leak: 1e7 * 1.16 * entropy(qber) };
  })();

  it('gives the reference length at 100 km', () => {
    const [a, b, c] = block.counts.key;
    expect(a).closeTo(6544301.104, 1e-3);
    expect(b).closeTo(3445908.352, 1e-3);
    expect(c).closeTo(9790.544, 1e-3);
    expect(block.qber).closeTo(0.0262575, 5e-8);
    expect(block.leak).closeTo(2033029.47, 5e-3);
    const length = keyLength(block.counts, parameters, block.leak);
    expect(length.vacuum).equal(0);
    expect(length.single).closeTo(6482258.136, 1e-3);
    expect(length.checkSingle).closeTo(174666.106, 1e-3);
    expect(length.checkSingleErrors).closeTo(9079.129, 1e-3);
    expect(length.phaseError).closeTo(0.0570784, 5e-8);
    expect(length.bits).equal(2402266);
  });

  it('costs 276.5 bits for the two epsilons', () => {
    const free = keyLength(block.counts, parameters, 0);
    const unrounded = free.vacuum + free.single * (1 - entropy(free.phaseError));
    expect(unrounded - free.bits).within(276.4, 277.6);
  });

  it('is never longer when more was disclosed or more errors were seen', () => {
    fc.assert(fc.property(fc.nat(100_000), fc.nat(5000), (leak, errors) => {
      const { key, check, checkErrors: [e1, e2, e3] } = block.counts;
      const worse = keyLength({ key, check, checkErrors: [e1 + errors, e2 + errors, e3] }, parameters, leak);
      expect(worse.bits).most(keyLength(block.counts, parameters, 0).bits);
      expect(worse.phaseError).within(0, 0.5);
    }));
  });

  it('gives nothing from nothing, and bounds the phase error by one half', () => {
    const length = keyLength({ key: [0, 0, 0], check: [0, 0, 0], checkErrors: [0, 0, 0] }, parameters, 0);
    expect(length.bits).below(0);
    expect(length.phaseError).equal(0.5);
    const noisy = keyLength({ key: block.counts.key, check: block.counts.check, checkErrors: block.counts.check }, parameters, 0);
    expect(noisy.phaseError).equal(0.5);
  });
});
