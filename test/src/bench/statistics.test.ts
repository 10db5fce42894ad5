/** The arithmetic of the benchmarks, on samples whose answers are known. */
import { expect } from 'chai';
import { median, percentile, spread } from './statistics.js';

describe('statistics of a benchmark', () => {
  it('takes percentiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([0.5, 0.95, 0.99, 1].map((fraction) => percentile(hundred, fraction))).to.deep.equal([50, 95, 99, 100]);
    expect(percentile([7], 0.5)).to.equal(7);
  });

  it('takes the middle of odd and even samples', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });

  it('tells how far repetitions lie apart', () => {
    expect(spread([100, 110, 90])).to.equal(0.2);
    expect(spread([5])).to.equal(0);
    expect(spread([0, 0])).to.equal(0);
  });

  it('refuses an empty sample', () => {
    expect(() => percentile([], 0.5)).to.throw(RangeError);
    expect(() => median([])).to.throw(RangeError);
  });
});
