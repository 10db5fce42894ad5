// Shapley values: the axioms, brute force over all orders, games whose values are known, and guided sampling near the exact ones.
import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom, shuffled } from '../random.js';
import { exactShapley, finer, gtgShapley, type GuidedSampling, type Value } from './shapley.js';

const maskOf = (coalition: readonly number[]): number => coalition.reduce((mask, player) => mask + 2 ** player, 0);
const gameOf = (values: readonly number[]): Value => async (coalition) => Promise.resolve(values[maskOf(coalition)]!);
const total = (shares: readonly bigint[]): bigint => shares.reduce((sum, share) => sum + share, 0n);
const near = (found: bigint, wanted: bigint, within = 1n): boolean => found - wanted <= within && wanted - found <= within;

/** All orders of 0 to n−1. */
function orders(n: number): number[][] {
  if (n === 0) return [[]];
  return orders(n - 1).flatMap((order) => Array.from({ length: n }, (_, at) => [...order.slice(0, at), n - 1, ...order.slice(at)]));
}

/** Marginal values over all orders, summed; times n! of the shares. */
function bruteForce(n: number, values: readonly number[]): bigint[] {
  const sums = Array<bigint>(n).fill(0n);
  for (const order of orders(n)) {
    let mask = 0;
    for (const player of order) {
      sums[player] = sums[player]! + BigInt(values[mask + 2 ** player]! - values[mask]!);
      mask += 2 ** player;
    }
  }
  return sums;
}

const games = (most: number) => fc.integer({ min: 1, max: most }).chain((n) => fc.record({ n: fc.constant(n), values: fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 2 ** n, maxLength: 2 ** n }) }));

const others = (n: number) => (first: number, turn: number): number[] => shuffled(Array.from({ length: n }, (_, player) => player).filter((player) => player !== first), seededRandom('orders', turn, first));
const sampling: GuidedSampling = { between: 0, within: 0, least: 30, most: 3000, tolerance: 0.01 };

describe('Shapley values', () => {
  it('are the mean over all orders, to the last digit', async () => {
    await fc.assert(fc.asyncProperty(games(6), async ({ n, values }) => {
      const { shares, evaluations } = await exactShapley(n, gameOf(values));
      const factorial = BigInt(orders(n).length);
      bruteForce(n, values).forEach((sum, player) => expect(near(shares[player]! * factorial, sum * finer, factorial / 2n + 1n)).to.equal(true));
      expect(evaluations).to.equal(2 ** n);
    }), { numRuns: 40 });
  });

  it('hold the axioms: efficiency, symmetry, the null player, additivity', async () => {
    await fc.assert(fc.asyncProperty(games(5), fc.integer({ min: -1000, max: 1000 }), async ({ n, values }, alone) => {
      const { shares } = await exactShapley(n, gameOf(values));
      expect(near(total(shares), BigInt(values.at(-1)! - values[0]!) * finer, BigInt(n))).to.equal(true);
      // One more player that adds the same to every coalition gets just that; with nothing to add, nothing.
      for (const own of [alone, 0]) {
        const with_ = await exactShapley(n + 1, async (coalition) => Promise.resolve(values[maskOf(coalition) % 2 ** n]! + (coalition.includes(n) ? own : 0)));
        expect(with_.shares[n]).to.equal(BigInt(own) * finer);
        shares.forEach((share, player) => expect(near(with_.shares[player]!, share)).to.equal(true));
      }
      // Players 0 and 1 made alike: v depends on how many of them there are.
      if (n < 2) return;
      const alike = await exactShapley(n, async (coalition) => {
        const count = coalition.filter((player) => player < 2).length;
        return Promise.resolve(values[maskOf(coalition.filter((player) => player >= 2)) + [0, 1, 3][count]!]!);
      });
      expect(alike.shares[0]).to.equal(alike.shares[1]);
    }), { numRuns: 40 });
  });

  it('of the glove game are 2/3, 1/6, 1/6; of unanimity among three of four a third each', async () => {
    const glove = await exactShapley(3, async (coalition) => Promise.resolve(coalition.includes(0) && coalition.length > 1 ? 6000 : 0));
    expect(glove.shares).to.deep.equal([4000n, 1000n, 1000n].map((share) => share * finer));
    const unanimity = await exactShapley(4, async (coalition) => Promise.resolve([0, 1, 2].every((player) => coalition.includes(player)) ? 1 : 0));
    expect(unanimity.shares).to.deep.equal([333n, 333n, 333n, 0n]);
  });

  it('are not computed exactly for many players', async () => {
    expect(await exactShapley(13, async () => Promise.resolve(0)).catch((error: unknown) => error)).to.be.instanceOf(RangeError);
  });
});

describe('GTG-Shapley', function () {
  this.timeout(120_000);

  for (const n of [8, 10]) {
    it(`is near the exact values of ${n} sites that saturate, as accuracies do, and values far fewer coalitions in truncation`, async () => {
      const random = seededRandom('weights', n);
      const weights = Array.from({ length: n }, () => 1 + random.below(20));
      const all = weights.reduce((sum, weight) => sum + weight, 0);
      // The more is there already, the less a site adds; one site harms.
      const value: Value = async (coalition) => {
        const share = coalition.reduce((sum, player) => sum + weights[player]!, 0) / all;
        return Promise.resolve(Math.round(1e9 * (0.5 + 0.45 * Math.sqrt(share) - (coalition.includes(2) ? 0.05 : 0))));
      };
      const exact = await exactShapley(n, value);
      const guided = await gtgShapley(n, value, others(n), sampling);
      const distance = exact.shares.reduce((sum, share, player) => sum + Math.abs(Number(share - guided.shares[player]!)), 0) / 1e12;
      expect(distance).to.be.below(0.05 * 0.45);
      expect(near(total(guided.shares), total(exact.shares), BigInt(n))).to.equal(true); // efficiency, but for rounding
      const truncated = await gtgShapley(n, value, others(n), { ...sampling, within: 2e7, most: 60 });
      expect(truncated.evaluations).to.be.below(exact.evaluations);
      expect(exact.shares.reduce((sum, share, player) => sum + Math.abs(Number(share - truncated.shares[player]!)), 0) / 1e12).to.be.below(0.3 * 0.45);
    });
  }

  it('is exact where orders make no difference, leads with every player equally often, and repeats', async () => {
    const values = [5, -3, 8, 0, 2].map((value) => value * 1000);
    const first: number[] = [];
    const additive: Value = async (coalition) => Promise.resolve(coalition.reduce((sum, player) => sum + values[player]!, 0));
    const of = async () => gtgShapley(5, additive, (leader, turn) => { first.push(leader); return others(5)(leader, turn); }, { ...sampling, within: -1 });
    const found = await of();
    expect(found.shares).to.deep.equal(values.map((value) => BigInt(value) * finer));
    expect(found.permutations).to.equal(30);
    expect([0, 1, 2, 3, 4].map((player) => first.filter((leader) => leader === player).length)).to.deep.equal([6, 6, 6, 6, 6]);
    expect(await of()).to.deep.equal(found);
  });

  it('does not play a round that changed nothing', async () => {
    const found = await gtgShapley(9, async (coalition) => Promise.resolve(coalition.length === 9 ? 10 : 0), others(9), { ...sampling, between: 10 });
    expect(found).to.deep.equal({ shares: Array<bigint>(9).fill(0n), evaluations: 2, permutations: 0 });
  });
});
