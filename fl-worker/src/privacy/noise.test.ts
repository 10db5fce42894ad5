// Noise: exact draws against their laws by chi-squared tests, the grid that carries them, and who is drawn in a step.
import { createCipheriv, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { sha256 } from '@epione/protocol';
import type { RandomBytes } from '../keys/seed-lock.js';
import { normOf, normToClipTo } from './clip.js';
import { discreteGaussian, discreteLaplace } from './discrete-noise.js';
import { roundingRoom, withNoise } from './gaussian-noise.js';
import { drawPeople, groupByPerson } from './people.js';
import { RandomBits } from './random-bits.js';

/** The same bytes each time, for tests only. */
function seeded(seed: string): RandomBytes {
  const cipher = createCipheriv('aes-256-ctr', sha256(new TextEncoder().encode(seed)), Buffer.alloc(16));
  return (length) => new Uint8Array(cipher.update(Buffer.alloc(length)));
}

/**
 * Pearson's statistic of draws against a law on −reach..reach, all beyond in two outer cells, as a normal deviate (Wilson and Hilferty).
 * Above 6 with probability 1e-9 for a good sampler.
 */
function misfit(draws: readonly number[], law: (x: number) => number, reach: number): number {
  const weights = Array.from({ length: 4001 }, (_, at) => law(at - 2000));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const cellOf = (x: number): number => Math.max(-reach, Math.min(reach, x)) + reach;
  const expected = new Array<number>(2 * reach + 1).fill(0);
  weights.forEach((weight, at) => { expected[cellOf(at - 2000)]! += (draws.length * weight) / total; });
  const seen = new Array<number>(expected.length).fill(0);
  for (const x of draws) seen[cellOf(x)]! += 1;
  const statistic = expected.reduce((sum, wanted, cell) => sum + (seen[cell]! - wanted) ** 2 / wanted, 0);
  const k = expected.length - 1;
  return (Math.cbrt(statistic / k) - (1 - 2 / (9 * k))) / Math.sqrt(2 / (9 * k));
}

const n = 40_000;
const draw = (of: (random: RandomBits) => number, bytes: RandomBytes): number[] => {
  const random = new RandomBits(bytes);
  return Array.from({ length: n }, () => of(random));
};

describe('noise', function () {
  this.timeout(30_000);

  // 40,000 draws each; the bound of 6 is passed by a good sampler but once in 10^9 seeds, and the seed is fixed.
  for (const scale of [1, 3, 7]) {
    it(`is discrete Laplace and Gaussian at scale ${scale}`, () => {
      expect(misfit(draw((random) => discreteLaplace(scale, random), seeded(`laplace ${scale}`)), (x) => Math.exp(-Math.abs(x) / scale), 4 * scale)).to.be.below(6);
      expect(misfit(draw((random) => discreteGaussian(scale, random), seeded(`gauss ${scale}`)), (x) => Math.exp((-x * x) / (2 * scale * scale)), 3 * scale)).to.be.below(6);
    });
  }

  it('would be caught with another scale', () => {
    expect(misfit(draw((random) => discreteGaussian(7, random), seeded('caught')), (x) => Math.exp((-x * x) / (2 * 7.5 ** 2)), 21)).to.be.above(6);
  });

  it('has the deviation and the shape of a Gaussian on its grid, from a secure source', () => {
    const found = withNoise(new Float64Array(n).fill(5), 0.37, new RandomBits((length) => new Uint8Array(randomBytes(length))));
    const mean = found.reduce((sum, value) => sum + value, 0) / n;
    const variance = found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    const fourth = found.reduce((sum, value) => sum + (value - mean) ** 4, 0) / n;
    // Each bound is 6.5 standard errors of 40,000 draws: a false alarm once in 10^10 runs.
    expect(mean).to.be.closeTo(5, (6.5 * 0.37) / Math.sqrt(n));
    expect(variance / 0.37 ** 2).to.be.closeTo(1, 6.5 * Math.sqrt(2 / n));
    expect(fourth / variance ** 2).to.be.closeTo(3, 6.5 * Math.sqrt(24 / n));
    const step = roundingRoom(0.37, 1);
    expect(step).to.be.within(0.37 / 2 ** 20, 0.37 / 2 ** 19);
    expect(found.every((value) => Number.isInteger(value / step))).to.equal(true);
  });

  it('hides no value that is not finite, and has no deviation or scale without meaning', () => {
    const random = new RandomBits(seeded('refused'));
    expect(() => withNoise(Float64Array.of(1, NaN), 1, random)).to.throw('finite');
    expect(() => withNoise(Float64Array.of(1), 0, random)).to.throw('deviation');
    expect(() => discreteGaussian(0, random)).to.throw('scale');
    expect(() => discreteLaplace(2 ** 21, random)).to.throw('scale');
    expect(() => random.below(0)).to.throw('bound');
  });

  it('leaves room for rounding within the norm', () => {
    const random = new RandomBits(seeded('room'));
    const limit = normToClipTo(1, roundingRoom(10, 1000));
    expect(limit).to.be.within(0.999, 1);
    const [one, other] = [1, -1].map((sign) => new Float64Array(1000).map(() => (sign * limit) / Math.sqrt(1000) / 2));
    const rounded = (vector: Float64Array): Float64Array => vector.map((value) => Math.round(value / roundingRoom(10, 1)) * roundingRoom(10, 1));
    const [left, right] = [rounded(one!), rounded(other!)];
    expect(normOf(left.map((value, k) => value - right[k]!))).to.be.at.most(1);
    expect(() => normToClipTo(1, 1)).to.throw('too large');
    expect(random.survives(0, 1)).to.equal(true);
  });

  it('draws persons, each with all their rows', () => {
    const people = groupByPerson(['a', 'b', 'a', 'c']);
    expect(people).to.deep.equal([[0, 2], [1], [3]]);
    const random = new RandomBits(seeded('people'));
    const many = Array.from({ length: 1000 }, (_, at) => at);
    expect(drawPeople({ sampling: 'all' }, many, random)).to.deep.equal(many);
    const fixed = drawPeople({ sampling: 'fixed', samplingRate: '0.05' }, many, random);
    expect(new Set(fixed)).to.have.length(50);
    expect(() => drawPeople({ sampling: 'fixed', samplingRate: '0.0005' }, many, random)).to.throw('nobody');
    // 200 steps of 1,000 persons at 0.05: the mean of 50 ± 6.5 standard errors, the sizes not all alike.
    const sizes = Array.from({ length: 200 }, () => drawPeople({ sampling: 'poisson', samplingRate: '0.05' }, many, random).length);
    expect(sizes.reduce((sum, size) => sum + size, 0) / 200).to.be.closeTo(50, 6.5 * Math.sqrt((1000 * 0.05 * 0.95) / 200));
    expect(new Set(sizes).size).to.be.above(10);
  });
});
