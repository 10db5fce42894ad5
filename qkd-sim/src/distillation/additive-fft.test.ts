/** The transform against evaluation point by point. */
import { expect } from 'chai';
import { POINTS, inverseTransform, points, transform } from './additive-fft.js';
import { cantorBasis, multiply } from './binary-field.js';
import { seededRandom } from '../random.js';

const randomPolynomial = (seed: number, length: number): Uint16Array => {
  const bytes = new Uint8Array(2 * length);
  seededRandom(new Uint8Array(32).fill(seed))(bytes);
  const polynomial = new Uint16Array(POINTS);
  polynomial.set(new Uint16Array(bytes.buffer));
  return polynomial;
};

const evaluate = (polynomial: Uint16Array, point: number): number =>
  polynomial.reduceRight((value, coefficient) => multiply(value, point) ^ coefficient, 0);

describe('additive transform', () => {
  it('has a Cantor basis of the whole field', () => {
    expect(cantorBasis[0]).equal(1);
    for (let i = 1; i < 16; i++) {
      const value = cantorBasis[i]!;
      expect(multiply(value, value) ^ value).equal(cantorBasis[i - 1]);
    }
    expect(new Set(points).size).equal(POINTS);
  });

  it('evaluates at every point', () => {
    const polynomial = randomPolynomial(1, POINTS);
    const values = polynomial.slice();
    transform(values);
    for (const index of [0, 1, 2, 3, 255, 256, 257, 4096, 32_767, 32_768, 65_535, 12_345]) {
      expect(values[index], `point ${index}`).equal(evaluate(polynomial, points[index]!));
    }
  });

  it('is undone by its inverse', () => {
    for (const length of [1, 2, 300, POINTS]) {
      const polynomial = randomPolynomial(length % 256, length);
      const values = polynomial.slice();
      transform(values);
      inverseTransform(values);
      expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(polynomial.buffer))).equal(0);
    }
  });
});
