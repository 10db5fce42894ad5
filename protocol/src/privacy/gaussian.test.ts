// Single Gaussian releases, shared noise and adaptive norms against published values.
import { expect } from 'chai';
import { codeOf } from '../testing/refusal.js';
import { nextNorm, vectorNoise } from './adaptive-clipping.js';
import { gaussianDelta, gaussianSigma } from './analytic-gaussian.js';
import { shareOfVariance, sumConcentration, sumDivergence } from './distributed-gaussian.js';
import { erfc } from './normal-tail.js';
import { pldEpsilon } from './pld.js';

describe('Gaussian noise', () => {
  it('has tails with small relative error', () => {
    // Values of erfc from tables with 15 digits.
    for (const [x, value] of [[0, 1], [0.5, 0.479500122186953], [1, 0.157299207050285], [1.99, 0.00488904], [2, 0.00467773498104727], [3, 2.20904969985854e-5], [6, 2.15197367124989e-17], [10, 2.08848758376254e-45]] as const) {
      expect(erfc(x) / value).to.be.closeTo(1, x === 1.99 ? 3e-3 : 1e-12);
    }
    expect(erfc(-1)).to.be.closeTo(1.842700792949715, 1e-14);
    expect(erfc(2 - 1e-12) / erfc(2 + 1e-12)).to.be.closeTo(1, 1e-10);
  });

  it('needs the deviation that Balle and Wang show, not the classical one', () => {
    for (const [epsilon, delta, sigma] of [[1, 1e-5, 3.730631635], [0.5, 1e-5, 7.031826676], [2, 1e-5, 1.993812446], [8, 1e-5, 0.600229072], [1, 1e-6, 4.224678889]] as const) {
      expect(gaussianSigma(epsilon, delta)).to.be.closeTo(sigma, 1.1e-9);
      expect(gaussianDelta(gaussianSigma(epsilon, delta), epsilon)).to.be.at.most(delta);
      expect(pldEpsilon([{ mechanism: { kind: 'gaussian', noiseMultiplier: sigma, samplingRate: 1 }, steps: 1 }], delta)).to.be.closeTo(epsilon, 1e-5);
    }
    expect(() => gaussianSigma(0, 1e-5)).to.throw('epsilon');
  });

  it('is split between vectors and a count as Andrew and others do, and not where it cannot be', () => {
    expect(vectorNoise(1, 5)).to.be.closeTo(1.005037815, 1e-9);
    expect(vectorNoise(0.5, 1)).to.be.closeTo(0.516397779, 1e-9);
    expect(codeOf(() => vectorNoise(1, 0.4))).to.equal('STUDY_INVALID');
    expect(codeOf(() => vectorNoise(1, 0.5))).to.equal('STUDY_INVALID');
    const adaptation = { quantile: 0.5, learningRate: 0.2 };
    expect(nextNorm(1, 0.5, adaptation)).to.equal(1);
    expect(nextNorm(1, 1, adaptation)).to.be.closeTo(Math.exp(-0.1), 1e-15);
    expect(nextNorm(1, -0.5, adaptation)).to.be.closeTo(Math.exp(0.2), 1e-15);
  });

  it('adds up over the sites that stay, and is then as good as one', () => {
    expect(3 * shareOfVariance(12, 3)).to.equal(12);
    expect(5 * shareOfVariance(12, 3)).to.be.above(12);
    expect(() => shareOfVariance(12, 0)).to.throw('at least one');
    expect(sumDivergence(1, 0.5)).to.equal(0);
    expect(sumDivergence(4, 1)).to.be.closeTo(10 * (Math.exp(-(Math.PI ** 2)) + Math.exp((-4 / 3) * Math.PI ** 2) + Math.exp(-1.5 * Math.PI ** 2)), 1e-15);
    expect(sumDivergence(10, 3)).to.be.below(1e-30);
    expect(sumConcentration(4, 100, 200, 1000)).to.be.closeTo(1, 1e-12);
    expect(sumConcentration(4, 0.5, 1, 1000)).to.be.above(sumConcentration(4, 0.5, 1, 1));
  });
});
