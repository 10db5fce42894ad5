// Accountants against reference values: exact Rényi divergence and loss distributions, neither below nor more than 1e-5 above.
import { expect } from 'chai';
import { epsilonOf, noiseWithin, stepsWithin } from './accountant.js';
import { gaussianDelta } from './analytic-gaussian.js';
import type { Mechanism, Run } from './mechanism.js';
import { pldDelta, pldEpsilon } from './pld.js';
import { ORDERS, rdpEpsilon, rdpOf } from './rdp.js';

const gaussian = (samplingRate: number, noiseMultiplier: number, steps: number): Run => ({ mechanism: { kind: 'gaussian', samplingRate, noiseMultiplier }, steps });

/** Reference values are rounded to six decimals, and the loss distributions behind them are upper bounds themselves. */
const expectEpsilon = (found: number, reference: number, what: string): void => {
  expect(found, `${what}: understated`).to.be.above(reference - 2.5e-6);
  expect(found, `${what}: overstated`).to.be.below(reference + 1e-5);
};

// Rate, noise multiplier, steps, delta; epsilon by RDP with numerical integration and its order; epsilon by loss distributions (dp-accounting 0.6.0, interval 1e-5).
const rows: [string, number, number, number, number, number, number, number][] = [
  ['C01', 0.01, 4, 10_000, 1e-5, 1.035490, 17, 0.946868],
  ['C02', 256 / 60_000, 1.1, 14_062, 1e-5, 2.596556, 8.1, 2.381598],
  ['C04', 256 / 60_000, 0.7, 10_546, 1e-5, 6.318100, 3.8, 5.639414],
  ['C05', 0.01024, 1, 8789, 1e-5, 6.418375, 4.2, 5.910984],
  ['C06', 0.0625, 1, 320, 1e-3, 6.184838, 2.8, 5.346365],
  ['C07', 0.1, 1, 100, 1e-5, 7.899255, 3.2, 7.046603],
  ['C09', 1, 10, 100, 1e-5, 4.728507, 5.4, 4.377178],
  ['C10', 1, 1, 1, 1e-5, 4.728507, 5.4, 4.377178],
  ['C11', 1, 5, 50, 1e-5, 7.077392, 4.2, 6.572970],
  ['C13', 0.5, 4, 200, 1e-5, 9.500248, 3.4, 8.819435],
  ['C14', 0.001, 0.8, 20_000, 1e-6, 1.897196, 8, 1.285925],
  ['C15', 0.04, 1.5, 2250, 1e-5, 7.329111, 3.9, 6.768781],
];

describe('accountants', function () {
  this.timeout(120_000);

  for (const [name, q, sigma, steps, delta, rdp, order, pld] of rows) {
    it(`price ${name} as published`, () => {
      const byOrders = rdpEpsilon([gaussian(q, sigma, steps)], delta);
      expectEpsilon(byOrders.epsilon, rdp, 'RDP');
      expect(byOrders.order).to.equal(order);
      expectEpsilon(pldEpsilon([gaussian(q, sigma, steps)], delta), pld, 'PLD');
    });
  }

  it('give the divergences of one step, and by the older conversion the epsilons of older papers', () => {
    const c02: Mechanism = { kind: 'gaussian', samplingRate: 256 / 60_000, noiseMultiplier: 1.1 };
    const c07: Mechanism = { kind: 'gaussian', samplingRate: 0.1, noiseMultiplier: 1 };
    for (const [mechanism, order, value] of [[c02, 2, 2.33958e-5], [c02, 8, 9.83411e-5], [c02, 32, 7.59018835], [c07, 2, 0.0170369], [c07, 8, 1.37836], [c07, 32, 13.6231]] as const) {
      expect(rdpOf(mechanism, order) / value).to.be.closeTo(1, 3e-6);
    }
    const old = (mechanism: Mechanism, steps: number, delta: number): number =>
      Math.min(...ORDERS.map((order) => steps * rdpOf(mechanism, order) + Math.log(1 / delta) / (order - 1)));
    expect(old({ kind: 'gaussian', samplingRate: 240 / 60_000, noiseMultiplier: 1.3 }, 3750, 1e-5)).to.be.closeTo(1.159749, 2e-5);
    expect(old(c02, 14_062, 1e-5)).to.be.closeTo(3.008272, 2e-6);
  });

  it('agree between the integral and the binomial sum where an order is an integer', () => {
    for (const [q, sigma] of [[0.5, 4], [0.01, 0.7], [0.3, 0.5]] as const) {
      const at = (order: number): number => (order - 1) * rdpOf({ kind: 'gaussian', samplingRate: q, noiseMultiplier: sigma }, order);
      for (const order of [3, 7, 20]) expect((at(order - 1e-6) + at(order + 1e-6)) / 2 / at(order)).to.be.closeTo(1, 1e-9);
    }
  });

  it('compose different mechanisms, and nothing', () => {
    const mixed = [gaussian(0.1, 1, 50), gaussian(0.2, 1.5, 30)];
    expectEpsilon(pldEpsilon(mixed, 1e-5), 6.483769, 'PLD');
    expect(rdpEpsilon(mixed, 1e-5).epsilon).to.be.within(6.483769, 7.261577); // the reference overstates fractional orders
    const laplace: Run[] = [{ mechanism: { kind: 'laplace', scale: 10 }, steps: 30 }];
    expectEpsilon(pldEpsilon(laplace, 1e-5), 2.062849, 'PLD');
    expectEpsilon(rdpEpsilon(laplace, 1e-5).epsilon, 2.192950, 'RDP');
    expect(pldDelta([gaussian(0.1, 1, 100)], 4)).to.be.within(0.00399465 - 1e-8, 0.00399465 + 2e-8);
    expect([pldEpsilon([gaussian(0.1, 1, 0)], 1e-5), rdpEpsilon([], 1e-5).epsilon]).to.deep.equal([0, 0]);
  });

  it('do not price a fixed-size sample as a Poisson sample', () => {
    const fixed: Mechanism = { kind: 'fixed-size', samplingRate: 0.1, noiseMultiplier: 1 };
    expectEpsilon(epsilonOf('rdp', fixed, 100, 1e-5), 14.053750, 'RDP');
    expect(() => epsilonOf('pld', fixed, 100, 1e-5)).to.throw('no known loss distribution');
  });

  it('find steps for a budget and noise for steps', () => {
    const mechanism = gaussian(0.1, 1, 1).mechanism;
    for (const accountant of ['rdp', 'pld'] as const) {
      const steps = stepsWithin(accountant, mechanism, 4, 1e-5, 200);
      expect(epsilonOf(accountant, mechanism, steps, 1e-5)).to.be.at.most(4);
      expect(epsilonOf(accountant, mechanism, steps + 1, 1e-5)).to.be.above(4);
    }
    const published = (steps: number): number => noiseWithin('rdp', (noiseMultiplier) => ({ kind: 'gaussian', samplingRate: 0.04, noiseMultiplier }), steps, 8, 1e-5);
    expect(published(2250)).to.be.closeTo(1.416, 6e-4);
    expect(published(2000)).to.be.closeTo(1.3562, 2e-4);
    expect(stepsWithin('rdp', mechanism, 0.001, 1e-5)).to.equal(0);
  });

  it('hold at the ends of what a study may ask: tiny noise, hardly any loss, a million steps', () => {
    // Five Gaussian releases are one with a deviation smaller by √5, whose delta is known exactly.
    const steep = pldEpsilon([gaussian(1, 0.1, 5)], 1e-5);
    expect(steep).to.be.above(300);
    expect(gaussianDelta(0.1 / Math.sqrt(5), steep)).to.be.within(0.999e-5, 1e-5);
    expect(pldEpsilon([gaussian(0.5, 0.3, 10)], 1e-5)).to.be.below(rdpEpsilon([gaussian(0.5, 0.3, 10)], 1e-5).epsilon);
    expect(pldEpsilon([gaussian(1, 10_000, 1)], 1e-3)).to.equal(0); // a difference of less than delta
    const long = gaussian(0.001, 4, 2_000_000);
    expect(epsilonOf('pld', long.mechanism, long.steps, 1e-5)).to.equal(rdpEpsilon([long], 1e-5).epsilon);
  });

  it('refuse what has no meaning', () => {
    expect(() => rdpEpsilon([gaussian(0, 1, 1)], 1e-5)).to.throw('sampling rate');
    expect(() => rdpEpsilon([gaussian(0.1, 0, 1)], 1e-5)).to.throw('noise multiplier');
    expect(() => pldEpsilon([gaussian(0.1, 1, 1.5)], 1e-5)).to.throw('steps');
    expect(() => pldEpsilon([gaussian(0.1, 1, 1)], 0)).to.throw('delta');
  });
});
