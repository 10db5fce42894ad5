// Metrics against values worked out by hand and by the definition.
import { expect } from 'chai';
import { seededRandom } from '../random.js';
import { areaUnderCurve, metricsOf } from './metrics.js';

/** The definition itself: pairs of one positive and one negative row, ties half. */
function byPairs(scores: number[], labels: number[]): number {
  let wins = 0;
  let pairs = 0;
  scores.forEach((p, i) => {
    scores.forEach((n, j) => {
      if (labels[i] !== 1 || labels[j] !== 0) return;
      pairs += 1;
      wins += p > n ? 1 : p === n ? 0.5 : 0;
    });
  });
  return wins / pairs;
}

describe('metrics', () => {
  it('gives the known area under the curve, ties included', () => {
    expect(areaUnderCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).to.equal(0.75);
    expect(areaUnderCurve([1, 2, 3], [0, 0, 1])).to.equal(1);
    expect(areaUnderCurve([5, 5, 5, 5], [0, 1, 0, 1])).to.equal(0.5);
    expect(areaUnderCurve([1, 2], [1, 1])).to.equal(undefined);
  });

  it('agrees with the definition on random scores with many ties', () => {
    const random = seededRandom('auc');
    for (let trial = 0; trial < 50; trial++) {
      const labels = Array.from({ length: 30 }, (_, at) => (at < 2 ? at : random.below(2)));
      const scores = labels.map(() => random.below(8));
      expect(areaUnderCurve(scores, labels)).to.be.closeTo(byPairs(scores, labels), 1e-12);
    }
  });

  it('gives accuracy and log loss', () => {
    const { accuracy, logLoss, rows } = metricsOf([0.8, 0.4, 0.5, 0], [1, 1, 0, 0]);
    expect(accuracy).to.equal(0.5);
    expect(logLoss).to.be.closeTo(-(Math.log(0.8) + Math.log(0.4) + Math.log(0.5)) / 4, 1e-12);
    expect(rows).to.equal(4);
    expect(metricsOf([0], [1]).logLoss).to.be.closeTo(34.54, 0.01);
  });

  it('of three categories: the likeliest counts, areas are means of one against the rest', () => {
    const rows = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]];
    const labels = [0, 1, 2, 2];
    const { accuracy, auc, logLoss } = metricsOf(rows.flat(), labels, 3);
    expect(accuracy).to.equal(0.75);
    const areas = [0, 1, 2].map((k) => byPairs(rows.map((row) => row[k]!), labels.map((label) => (label === k ? 1 : 0))));
    expect(auc).to.be.closeTo((areas[0]! + areas[1]! + areas[2]!) / 3, 1e-12);
    expect(logLoss).to.be.closeTo(-(Math.log(0.7) + Math.log(0.5) + Math.log(0.6) + Math.log(0.2)) / 4, 1e-12);
    expect(metricsOf([1, 0, 0, 0, 1, 0], [0, 2], 3)).to.include({ auc: undefined, accuracy: 0.5 });
  });
});
