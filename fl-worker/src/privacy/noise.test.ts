// Noise: the grid that carries it, and who is drawn in a step.
import { createCipheriv, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { sha256 } from '@epione/protocol';
import type { RandomBytes } from '../keys/seed-lock.js';
import { normOf, normToClipTo } from './clip.js';
import { roundingRoom, withNoise } from './gaussian-noise.js';
import { drawPeople, groupByPerson } from './people.js';
import { RandomBits } from './random-bits.js';

/** The same bytes each time, for tests only. */
function seeded(seed: string): RandomBytes {
  const cipher = createCipheriv('aes-256-ctr', sha256(new TextEncoder().encode(seed)), Buffer.alloc(16));
  return (length) => new Uint8Array(cipher.update(Buffer.alloc(length)));
}

const n = 40_000;
describe('noise', function () {
  this.timeout(120_000);

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

  it('hides no value that is not finite, and has no deviation without meaning', () => {
    const random = new RandomBits(seeded('refused'));
    expect(() => withNoise(Float64Array.of(1, NaN), 1, random)).to.throw('finite');
    expect(() => withNoise(Float64Array.of(1), 0, random)).to.throw('deviation');
  });

  it('leaves room for rounding within the norm', () => {
    const limit = normToClipTo(1, roundingRoom(10, 1000));
    expect(limit).to.be.within(0.999, 1);
    const [one, other] = [1, -1].map((sign) => new Float64Array(1000).map(() => (sign * limit) / Math.sqrt(1000) / 2));
    const rounded = (vector: Float64Array): Float64Array => vector.map((value) => Math.round(value / roundingRoom(10, 1)) * roundingRoom(10, 1));
    const [left, right] = [rounded(one!), rounded(other!)];
    expect(normOf(left.map((value, k) => value - right[k]!))).to.be.at.most(1);
    expect(() => normToClipTo(1, 1)).to.throw('too large');
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
