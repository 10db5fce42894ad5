/** The estimate of S from counts. */
import { expect } from 'chai';
import { chsh } from './bell-test.js';

describe('Bell test', () => {
  it('finds 2√2 in the counts of a perfect source, and 4 at most', () => {
    const strong = Math.round((1e6 * (1 + Math.SQRT1_2)) / 2);
    const [same, opposite] = [[strong, 1e6 - strong], [1e6 - strong, strong]];
    expect(chsh([...same, ...same, ...opposite, ...same].flat())!.value).closeTo(2 * Math.SQRT2, 1e-5);
    expect(chsh([5, 0, 5, 0, 0, 5, 5, 0])).deep.equal({ value: 4, deviation: 0 });
  });

  it('gives the deviation of coins', () => {
    // Four correlations of 10,000 each, with a standard deviation of 1/100 each.
    expect(chsh(new Array<number>(8).fill(5000))).deep.equal({ value: 0, deviation: 0.02 });
  });

  it('says nothing before all pairs of bases were seen', () => {
    expect(chsh([1, 0, 1, 0, 1, 0, 0, 0])).equal(undefined);
    expect(chsh([])).equal(undefined);
  });
});
