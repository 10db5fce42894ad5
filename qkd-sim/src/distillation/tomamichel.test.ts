/** The length for single photons and pairs, against values computed apart from it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { entropy } from './finite-key.js';
import { tomamichelLength } from './tomamichel.js';

const epsilons = { secrecyEpsilon: 1e-10, correctnessEpsilon: 1e-15 };

describe('Tomamichel length', () => {
  it('has the values of the formula in another language', () => {
    const cases = [[320_000, 20_000, 520, 60_000, 152_559], [1_000_000, 100_000, 2000, 155_000, 619_408], [10_000, 1000, 20, 0, 2996], [1e9, 1e8, 2e6, 0, 855_659_585]] as const;
    for (const [keyBits, checkBits, checkErrors, leak, bits] of cases) expect(tomamichelLength({ keyBits, checkBits, checkErrors }, epsilons, leak)).equal(bits);
  });

  it('costs 117.3 bits for the epsilons, and nothing else in large blocks', () => {
    const counts = { keyBits: 1e15, checkBits: 1e15, checkErrors: 2e13 };
    expect(tomamichelLength(counts, epsilons, 0) / counts.keyBits).closeTo(1 - entropy(0.02), 2e-6);
    const sure = { keyBits: 1000, checkBits: 1e30, checkErrors: 5e29 };
    expect(tomamichelLength(sure, epsilons, 0)).equal(-118);
  });

  it('gives nothing from nothing, and less for more errors and for more disclosed', () => {
    expect(tomamichelLength({ keyBits: 0, checkBits: 1000, checkErrors: 0 }, epsilons, 0)).equal(0);
    expect(tomamichelLength({ keyBits: 1000, checkBits: 0, checkErrors: 0 }, epsilons, 0)).equal(0);
    fc.assert(fc.property(fc.integer({ min: 1, max: 20_000 }), fc.nat(1000), fc.nat(1000), (checkErrors, more, leak) => {
      const counts = { keyBits: 300_000, checkBits: 20_000, checkErrors };
      const length = tomamichelLength(counts, epsilons, 0);
      expect(tomamichelLength({ ...counts, checkErrors: checkErrors + more }, epsilons, leak)).most(length);
      expect(length).below(counts.keyBits);
    }));
  });
});
