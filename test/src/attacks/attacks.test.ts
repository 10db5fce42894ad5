// Attacks against published values, and by what they must do to rows and updates.
import { expect } from 'chai';
import { seededRandom, type Dataset } from '@epione/fl-worker';
import { alie } from './alie.js';
import type { Attack } from './attack.js';
import { backdoor, stamped, type Trigger } from './backdoor.js';
import { gaussian } from './gaussian.js';
import { innerProduct } from './inner-product.js';
import { labelFlip } from './label-flip.js';
import { signFlip } from './sign-flip.js';

/** Rows of the docstrings of ByzFL (attacks/attacks.py), whose results are the vectors. */
const honest = [[1, 2, 3], [4, 5, 6], [7, 8, 9]].map((row) => Float64Array.from(row));
const mean = Float64Array.of(4, 5, 6);
const sent = (attack: Attack, own: Float64Array = mean): number[] => [...attack.forge!(() => own, honest, seededRandom('attack'))];
const rows: Dataset = { rows: 4, width: 2, features: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7), labels: Float32Array.of(0, 3, 9, 5), ids: ['a', 'b', 'c', 'd'] };

describe('attacks', () => {
  it('have the values that ByzFL documents: sign flip of the mean, IPM(2), ALIE(1.5)', () => {
    expect(sent(signFlip(1))).to.deep.equal([-4, -5, -6]);
    expect(sent(innerProduct(2))).to.deep.equal([-8, -10, -12]);
    expect(sent(alie(1.5))).to.deep.equal([8.5, 9.5, 10.5]);
  });

  it('flip signs and boost what training gave, and noise has the deviation it is told', () => {
    expect(sent(signFlip(4), Float64Array.of(1, -2, 0.5))).to.deep.equal([-4, 8, -2]);
    const many = gaussian(3).forge!(() => mean, [new Float64Array(10_000)], seededRandom('noise'));
    // n = 10,000: the standard error of the deviation is 3/√20,000 = 0.021; five of them are missed once in two million draws.
    expect(Math.sqrt(many.reduce((sum, value) => sum + value * value, 0) / many.length)).to.be.closeTo(3, 0.106);
  });

  it('turn labels round and leave the honest rows as they were', () => {
    expect([...labelFlip(10).poison!(rows).labels]).to.deep.equal([9, 6, 0, 4]);
    expect([...rows.labels]).to.deep.equal([0, 3, 9, 5]);
  });

  it('stamp every second row with the trigger and its target', () => {
    const trigger: Trigger = { inputs: [1], value: 8, target: 7 };
    const attack = backdoor(trigger, 5, 2);
    const poisoned = attack.poison!(rows);
    expect([...poisoned.features]).to.deep.equal([0, 8, 2, 3, 4, 8, 6, 7]);
    expect([...poisoned.labels]).to.deep.equal([7, 3, 7, 5]);
    expect(sent(attack, Float64Array.of(1, 2, 3))).to.deep.equal([5, 10, 15]);
    expect([...stamped(rows, trigger).features]).to.deep.equal([0, 8, 2, 8, 4, 8, 6, 8]);
    expect([...rows.features]).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
