// A site's hidden update: clipped, behind enough noise alone, and behind enough together with others.
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { BudgetTerms } from '@epione/protocol';
import { normOf } from './clip.js';
import { hideUpdate, type SiteRecipe } from './site-update.js';

const privacy: BudgetTerms = { unit: 'site', clippingNorm: '2', noiseMultiplier: '0.5', epsilon: '100', delta: '0.001', sampling: 'all', accountant: 'pld' };
const encoding: SiteRecipe['encoding'] = { bits: 64, fractionBits: 32, clip: '64', maxWeight: 1 };
const secure = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const n = 20_000;
const varianceOf = (vector: Float64Array): number => vector.reduce((sum, value) => sum + value * value, 0) / n;

describe('a hidden update', () => {
  it('is clipped to the norm before the noise', () => {
    const long = Float64Array.from({ length: n }, (_, k) => (k === 0 ? 1000 : 0));
    const quiet = { privacy: { ...privacy, noiseMultiplier: '0.0001' }, encoding };
    const { update, norm } = hideUpdate(quiet, long, 2, 1, secure);
    expect(update[0]).to.be.within(1.99, 2.002);
    expect(norm).to.equal(2);
    const short = hideUpdate(quiet, long.map((value) => value / 1000), 2, 1, secure);
    expect(short.update[0]).to.be.closeTo(1, 0.002);
    expect(normOf(short.update)).to.be.below(1.1);
    expect(() => hideUpdate({ privacy, encoding }, Float64Array.of(NaN), 2, 1, secure)).to.throw('finite');
  });

  it('has the whole noise alone, and a share of the variance among those who stay', () => {
    const nothing = new Float64Array(n);
    const bound = 6.5 * Math.sqrt(2 / n); // standard errors of a variance: a false alarm once in 10^10 runs
    expect(varianceOf(hideUpdate({ privacy, encoding }, nothing, 2, 1, secure).update)).to.be.closeTo(1, bound);
    const shares = [1, 2, 3].map(() => hideUpdate({ privacy, encoding }, nothing, 2, 3, secure).update);
    const sum = nothing.map((_, k) => shares.reduce((total, share) => total + share[k]!, 0));
    expect(varianceOf(sum)).to.be.closeTo(1, bound);
    expect(sum.every((value) => Number.isInteger(value * 2 ** encoding.fractionBits))).to.equal(true); // the encoding rounds nothing away
  });

  it('moves its norm with a noised bit, and never beyond what the encoding can carry', () => {
    const adaptive = { quantile: '0.5', learningRate: '1', countNoise: '1' };
    const recipe = { privacy: { ...privacy, adaptive }, encoding };
    const next = (length: number): number => Array.from({ length: 400 }, () => Math.log(hideUpdate(recipe, Float64Array.of(length), 2, 1, secure).norm / 2)).reduce((sum, value) => sum + value, 0) / 400;
    const bound = 6.5 / Math.sqrt(400);
    expect(next(10)).to.be.closeTo(0.5, bound);
    expect(next(0.1)).to.be.closeTo(-0.5, bound);
    const norms = Array.from({ length: 50 }, () => hideUpdate({ ...recipe, encoding: { ...encoding, clip: '13' } }, Float64Array.of(10), 2, 1, secure).norm);
    expect(Math.max(...norms)).to.be.at.most(13 / 6);
  });
});
