/** Finite-key lengths with the best intensities and probabilities, at the link of Lim et al. 2014. */
import { expect } from 'chai';
import { entropy } from '../finite-key.js';
import { type DecoyProtocol, type DetectionModel, expectedBlock, expectedKey } from './expected-block.js';
import { maximise } from './maximise.js';
import { optimalKey } from './optimal-block.js';
import { lastPositive } from './root.js';

const lim = (fiberKm: number): DetectionModel => ({ transmittance: 0.1 * 10 ** (-0.02 * fiberKm), darkCount: 6e-7, afterpulse: 0.04, misalignment: 5e-3 });
const security = { secrecyPerBit: 1e-15, correctnessEpsilon: 1e-15, vacuumIntensity: 2e-4, efficiency: 1.16 };

describe('optimal block', function () {
  this.timeout(120_000);

  it('expects the counts of the reference at 100 km', () => {
    const protocol: DecoyProtocol = {
      keyBasisProbability: 0.85, intensities: [0.42, 0.21, 2e-4], intensityProbabilities: [0.4, 0.42, 0.18], secrecyEpsilon: 1e-10, correctnessEpsilon: 1e-15,
    };
    const { counts, pulses, qber } = expectedBlock(lim(100), protocol, 1e7);
    expect(pulses).closeTo(5.17053148e10, 50);
    for (const [index, count] of [6544301.104, 3445908.352, 9790.544].entries()) expect(counts.key[index]).closeTo(count, 1e-3);
    expect(qber).closeTo(0.0262575, 5e-8);
    expect(1e7 * 1.16 * entropy(qber)).closeTo(2033029.47, 5e-3);
    expect(expectedKey(lim(100), protocol, 1e7, 1.16).keyBits).equal(2402266);
  });

  it('makes the reference rates at 100 km', () => {
    const rates = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9].map((bits) => optimalKey(lim(100), security, bits).rate);
    // ε_sec depends on the length in steps of one bit, which shows at 10⁴ bits.
    for (const [index, rate] of [9.91e-7, 1.04e-5, 2.755e-5, 4.766e-5, 6.747e-5, 8.537e-5].entries()) expect(rates[index]! / rate).closeTo(1, 0.01);
    // Published: about 1.75.
    expect(rates[5]! / rates[3]!).closeTo(1.79, 0.01);
  });

  for (const [exponent, km] of [129, 160, 172, 178, 181, 184].map((reach, index) => [index + 4, reach] as const)) {
    it(`reaches ${km} km with 10^${exponent} sifted bits`, () => {
      expect(lastPositive((at) => optimalKey(lim(at), security, 10 ** exponent).keyBits, 100, 200, 8)).closeTo(km, 2);
    });
  }

  it('finds the top of a hill', () => {
    const { at, value } = maximise(([x = 0, y = 0]) => 3 - (x - 1) ** 2 - 10 * (y + 2) ** 2, [0, 0]);
    expect(value).closeTo(3, 1e-9);
    expect(at[0]).closeTo(1, 1e-4);
    expect(at[1]).closeTo(-2, 1e-4);
  });
});
