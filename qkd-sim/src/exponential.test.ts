/** The ziggurat against the logarithm of a uniform number. */
import { expect } from 'chai';
import { exponential } from './exponential.js';
import { RandomNumbers, seededRandom } from './random.js';
import { chiSquare, chiSquareLimit, histogram } from './testing/chi-square.js';

describe('exponential', () => {
  const numbers = (seed: number): RandomNumbers => new RandomNumbers(seededRandom(new Uint8Array(32).fill(seed)));
  const draws = 2_000_000;
  const sample = (seed: number, draw: (random: RandomNumbers) => number): number[] => {
    const random = numbers(seed);
    return Array.from({ length: draws }, () => draw(random));
  };

  // Each of 2 · 10^6 numbers; a false alarm in 10^6 a comparison.
  it('has the law of a logarithm, in its layers and in its tail', () => {
    const [fast, plain] = [sample(1, exponential), sample(2, (random) => -Math.log(random.uniform()))];
    for (const [name, cell] of [
      ['equally likely cells', (value: number): number => Math.floor(999 * Math.exp(-value))],
      ['equally wide cells', (value: number): number => Math.min(199, Math.floor(10 * value))],
    ] as const) {
      const { value, freedom } = chiSquare(histogram(fast.map(cell), 1000), histogram(plain.map(cell), 1000));
      expect(value, name).below(chiSquareLimit(freedom));
    }
    // Beyond the lowest layer about 910 each.
    expect(Math.abs(fast.filter((value) => value > 7.697_12).length - draws * Math.exp(-7.697_12))).below(5 * Math.sqrt(draws * Math.exp(-7.697_12)));
  });

  it('has the moments of an exponential law', () => {
    const values = sample(3, exponential);
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / draws;
    // Standard deviations of a value's first and second power: 1 and √20; five of the mean's.
    expect(Math.abs(moment(1) - 1)).below(5 / Math.sqrt(draws));
    expect(Math.abs(moment(2) - 2)).below(5 * Math.sqrt(20 / draws));
  });
});
