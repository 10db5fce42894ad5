/**
 * Robust rules against independent values: those of ByzFL's documentation for x = [[1,2,3],[4,5,6],[7,8,9]] (byzfl/aggregators/aggregators.py), and
 * those of a NumPy script for seven rows with f = 1 (median, sorted means, Krum scores as sums of the 4 least squared distances, Bulyan as
 * "pick by Krum among the rest, then the 3 values nearest to the median", FLTrust by its formula). And what every rule must satisfy.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { CodedError } from '../error.js';
import { bulyan } from './bulyan.js';
import { centredClipping } from './centred-clipping.js';
import { coordinateMedian } from './coordinate-median.js';
import { flTrust } from './fltrust.js';
import { geometricMedian } from './geometric-median.js';
import { distances, krum, ranked, scores } from './krum.js';
import { multiKrum } from './multi-krum.js';
import { normClipping } from './norm-clipping.js';
import { ROBUST_RULES, robustAggregate, type RobustRuleName } from './robust-rule.js';
import { meanOfRows } from './rows.js';
import { trimmedMean } from './trimmed-mean.js';

const rowsOf = (values: number[][]): Float64Array[] => values.map((row) => Float64Array.from(row));
const three = rowsOf([[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
const seven = rowsOf([[1, 2, 3], [2, 1, 0], [1.5, 1.8, 2.2], [1.1, 2.2, 2.9], [0.9, 1.7, 3.3], [10, -10, 50], [1.2, 1.9, 2.8]]);
const close = (found: Float64Array, wanted: readonly number[], by: number): void => { wanted.forEach((value, k) => expect(found[k], `coordinate ${k}`).to.be.closeTo(value, by)); };

describe('robust rules', () => {
  it('give the values of ByzFL', () => {
    close(trimmedMean(three, 1), [4, 5, 6], 1e-15);
    close(geometricMedian(three, 3, 0.1, new Float64Array(3)), [3.78788764, 4.78788764, 5.78788764], 5e-9); // ByzFL starts at zero
    close(krum(three, 1), [1, 2, 3], 0);
    close(multiKrum(three, 1), [2.5, 3.5, 4.5], 1e-15);
  });

  it('give the values of NumPy for seven rows with one attacker', () => {
    close(coordinateMedian(seven), [1.2, 1.8, 2.9], 0);
    close(trimmedMean(seven, 1), [1.36, 1.68, 2.84], 1e-14);
    const found = scores(distances(seven), [...seven.keys()], 1);
    [1.27, 36.68, 3.78, 1.43, 2.6, 9727.94, 1.04].forEach((score, i) => expect(found[i]).to.be.closeTo(score, 5e-3));
    close(krum(seven, 1), [1.2, 1.9, 2.8], 0);
    close(multiKrum(seven, 1), [1.283333, 1.766667, 2.366667], 5e-7);
    close(bulyan(seven, 1), [1.1, 1.9, 2.9], 1e-14);
    close(flTrust(seven, Float64Array.of(1, 2, 3)), [1.302089, 1.641249, 2.768557], 5e-7);
  });

  it('clip by the formula', () => {
    close(normClipping(rowsOf([[3, 4], [0.3, 0.4]]), 1), [0.45, 0.6], 1e-15);
    close(centredClipping(rowsOf([[3, 4], [0.3, 0.4]]), 1, 1), [0.45, 0.6], 1e-15);
    // From [0.45, 0.6] the first is 4.25 away and moves by 1, the second 0.25 and moves whole.
    close(centredClipping(rowsOf([[3, 4], [0.3, 0.4]]), 2, 1), [0.675, 0.9], 1e-15);
  });

  it('break ties by the order of rows, and trust nobody where nobody agrees with the root', () => {
    const alike = rowsOf([[1, 0], [0, 1], [1, 0], [0, 1], [0.5, 0.5]]);
    expect(ranked(alike, 1)).to.deep.equal([0, 1, 2, 3, 4]);
    expect([...flTrust(rowsOf([[-1, 0], [0, 0], [0, 1]]), Float64Array.of(1, 0))]).to.deep.equal([0, 0]);
    // 1 and 3 are equally near to the median 2: the lower counts.
    expect(bulyan(rowsOf([[1], [1], [1], [3], [3], [3], [2]]), 1)[0]).to.be.at.most(2);
  });

  it('refuse fewer updates than they need', () => {
    const least: [RobustRuleName, number, number][] = [['median', 2, 5], ['trimmed-mean', 2, 5], ['krum', 2, 7], ['multi-krum', 1, 5], ['bulyan', 1, 7], ['bulyan', 4, 19], ['geometric-median', 3, 7]];
    for (const [name, f, n] of least) {
      const options = { f, iterations: 3, settings: new Map([['smoothing', 1e-6]]) };
      const rows = Array.from({ length: n }, (_, i) => Float64Array.of(i, 1));
      expect(() => robustAggregate(name, rows.slice(1), options), name).to.throw(CodedError).with.property('code', 'RULE_BOUND');
      expect(robustAggregate(name, rows, options), name).to.have.length(2);
    }
  });

  // Integers over 2^10, as fixed-point updates are, so that moving all by a whole number is exact.
  const coordinate = fc.integer({ min: -5000, max: 5000 }).map((q) => q / 1024);
  const matrix = fc.integer({ min: 1, max: 3 }).chain((d) => fc.array(fc.array(coordinate, { minLength: d, maxLength: d }), { minLength: 7, maxLength: 12 })).map(rowsOf);
  const optionsOf = { f: 1, iterations: 5, root: 0, settings: new Map([['smoothing', 1e-6], ['norm', 2], ['radius', 2]]) };
  const names = Object.keys(ROBUST_RULES) as RobustRuleName[];
  const turned = (rows: readonly Float64Array[]): Float64Array[] => [rows[0]!, ...rows.slice(1).reverse()]; // the root stays first

  // Not Bulyan: its last picks are among so few that two nearest neighbours always tie, and the order decides.
  for (const name of names.filter((each) => each !== 'bulyan')) {
    it(`${name}: another order of the hospitals gives the same update`, () => {
      const distinct = matrix.filter((rows) => new Set(scores(distances(rows), [...rows.keys()], 1)).size === rows.length); // ties go by MSP ID
      fc.assert(fc.property(name.includes('krum') ? distinct : matrix, (rows) => {
        close(robustAggregate(name, turned(rows), optionsOf), [...robustAggregate(name, rows, optionsOf)], 1e-9);
      }), { numRuns: 50, seed: 7 });
    });
  }

  for (const name of ['median', 'trimmed-mean', 'krum', 'multi-krum', 'bulyan', 'geometric-median'] as const) {
    it(`${name}: lies between the least and the greatest value, and moves with the updates`, () => {
      fc.assert(fc.property(matrix, fc.integer({ min: -4, max: 4 }), (rows, by) => {
        const found = robustAggregate(name, rows, optionsOf);
        found.forEach((value, k) => {
          const column = rows.map((row) => row[k]!);
          expect(value).to.be.within(Math.min(...column) - 1e-12, Math.max(...column) + 1e-12);
        });
        const moved = robustAggregate(name, rows.map((row) => row.map((value) => value + by)), optionsOf);
        close(moved, [...found].map((value) => value + by), 1e-9);
      }), { numRuns: 50, seed: 7 });
    });

    it(`${name}: one update, however wild, moves it no further than the others lie apart`, () => {
      fc.assert(fc.property(matrix, fc.integer({ min: -1_000_000, max: 1_000_000 }), (rows, wild) => {
        const others = rows.slice(1);
        const found = robustAggregate(name, [Float64Array.from(others[0]!, () => wild), ...others], optionsOf);
        const diameter = Math.sqrt(Math.max(...distances(others).flat()));
        const centre = meanOfRows(others);
        const away = Math.sqrt(found.reduce((sum, value, k) => sum + (value - centre[k]!) ** 2, 0));
        // Weiszfeld's five steps from a mean that was drawn off have not arrived yet: the geometric median gets a wider bound.
        expect(away).to.be.at.most(name === 'geometric-median' ? 1 + 20 * diameter : 1e-9 + 2 * Math.sqrt(found.length) * diameter);
      }), { numRuns: 50, seed: 7 });
    });
  }

  for (const name of ['norm-clipping', 'centred-clipping'] as const) {
    it(`${name}: is the mean of short updates, and never longer than its bound a step`, () => {
      fc.assert(fc.property(matrix, (rows) => {
        const short = rows.map((row) => row.map((value) => value / 16));
        close(robustAggregate(name, short, { ...optionsOf, iterations: 1 }), [...meanOfRows(short)], 1e-12);
        const length = Math.hypot(...robustAggregate(name, rows.map((row) => row.map((value) => value * 1000)), { ...optionsOf, iterations: 1 }));
        expect(length).to.be.at.most(2 + 1e-9);
      }), { numRuns: 50, seed: 7 });
    });
  }

  it('fltrust: is as long as the root at most, and does not care how long the others are', () => {
    fc.assert(fc.property(matrix, (rows) => {
      const found = robustAggregate('fltrust', rows, optionsOf);
      expect(Math.hypot(...found)).to.be.at.most(Math.hypot(...rows[0]!) + 1e-9);
      close(robustAggregate('fltrust', rows.map((row, i) => (i === 1 ? row.map((value) => value * 1024) : row)), optionsOf), [...found], 1e-9);
    }), { numRuns: 50, seed: 7 });
  });
});
