/**
 * Server strategies against independent values. Those of FedAvgM, FedAdagrad, FedAdam and FedYogi were made with Python's `decimal`
 * at 40 digits from the papers' lines, η 0.1, β₁ 0.9, β₂ 0.99, τ 0.001 over three rounds: `m = b1*m + (1-b1)*d` (FedAvgM: `m = b1*m + d`),
 * `v += d*d` | `v = b2*v + (1-b2)*d*d` | `v -= (1-b2)*d*d*sign(v-d*d)`, `x += eta*m/(v.sqrt()+tau)` (FedAvgM: `x += eta*m`), v from tau*tau.
 */
import { expect } from 'chai';
import { CodedError } from '../error.js';
import { fairUpdate } from './qfedavg.js';
import { nextVariate } from './scaffold.js';
import { decodeState, encodeState } from './state.js';
import { STRATEGIES, type StrategyName } from './strategies.js';

const deltas = [[0.5, -0.25, 0.125], [-0.375, 0.5, 0], [0.25, 0.25, -1]];
const settings = new Map([['momentum', 0.9], ['beta1', 0.9], ['beta2', 0.99], ['tau', 0.001], ['q', 0]]);

interface Course { readonly model: number[]; readonly state: Float64Array }

/** Three parameters from zero over the given updates. */
function run(name: StrategyName, updates: readonly (readonly number[])[], rate: number, participants = 3): Course {
  const strategy = STRATEGIES[name];
  const model = [0, 0, 0];
  let state = strategy.initial(3, settings);
  for (const update of updates) {
    const next = strategy.step({ dimension: 3, update: Float64Array.from(update), state, rate, settings, used: 2, participants });
    expect(next.state).to.have.length(state.length);
    state = decodeState(encodeState(next.state), state.length); // as a worker that stopped and came back has it
    next.step.forEach((value, k) => { model[k]! += value; });
  }
  return { model, state };
}

const close = (found: ArrayLike<number>, wanted: readonly number[]): void => {
  expect(found).to.have.length(wanted.length);
  wanted.forEach((value, k) => expect(found[k], `value ${k}`).to.be.closeTo(value, 1e-14));
};

describe('server strategies', () => {
  const golden: [StrategyName, number[], number[]][] = [
    ['fedavgm', [0.08925, 0.05225, -0.066125], [0.3175, 0.4975, -0.89875]],
    ['fedadagrad', [0.0158877614337136, 0.00306136256751748, 0.00993935541363058], [0.03175, 0.04975, -0.089875, 0.453126, 0.375001, 1.015626]],
    ['fedadam', [0.156664174019151, 0.0326096076613972, 0.0874857724716222], [0.03175, 0.04975, -0.089875, 0.004468407799, 0.003713532799, 0.010154110924]],
    ['fedyogi', [0.156300664448888, 0.0321669724106918, 0.087106588867954], [0.03175, 0.04975, -0.089875, 0.00453225, 0.003751, 0.01015725]],
  ];
  for (const [name, model, state] of golden) {
    it(`${name} follows its paper`, () => {
      const found = run(name, deltas, 0.1);
      close(found.model, model);
      close(found.state, state);
    });
  }

  it('fedavg takes the mean as it is, or scaled', () => {
    expect(run('fedavg', deltas, 1)).to.deep.equal({ model: [0.375, 0.5, -0.875], state: new Float64Array() });
    close(run('fedavg', deltas, 0.5).model, [0.1875, 0.25, -0.4375]);
  });

  it('qfedavg divides the weighted differences by h, and is fedavg with q = 0', () => {
    // q = 2, L = 10, losses 0.5 and 0.25: Σ F²·Δ = 0.25·0.4 + 0.0625·(−0.2) = 0.0875; Σ h = 2·0.5·10·0.16 + 0.25 + 2·0.25·10·0.04 + 0.0625 = 2.1125.
    const [a, b] = [fairUpdate(Float64Array.of(0.4, 0, 0), 2, 0.5, 10), fairUpdate(Float64Array.of(-0.2, 0, 0), 2, 0.25, 10)];
    const mean = [...a].map((value, k) => (value + b[k]!) / 2);
    close(run('qfedavg', [mean], 1).model, [0.0875 / 2.1125, 0, 0]);
    expect([...fairUpdate(Float64Array.of(0.4, -1, 0), 0, 0.7, 10)]).to.deep.equal([0.4, -1, 0, 1]);
    close(run('qfedavg', deltas.map((delta) => [...delta, 1]), 1).model, run('fedavg', deltas, 1).model);
  });

  it('scaffold moves the control variate by the part of the hospitals that took part', () => {
    const updates = [[0.5, -0.25, 0.125, 1, 2, 3], [0.5, 0, 0, 0.5, 0.5, 0.5]];
    const found = run('scaffold', updates, 1, 4);
    close(found.model, [1, -0.25, 0.125]);
    close(found.state, [0.75, 1.25, 1.75]); // 2 of 4 took part
  });

  it('scaffold keeps the server’s variate the mean of the hospitals’', () => {
    // Everybody takes part: c = mean of c_i is the paper's invariant.
    let server = new Float64Array(3);
    let own = [new Float64Array(3), new Float64Array(3)];
    for (const round of [1, 2, 3]) {
      const local = own.map((_, i) => Float64Array.of(0.1 * round, i - 0.5, (i + 1) / 8));
      const next = own.map((variate, i) => nextVariate(variate, server, local[i]!, 10, 0.1));
      const update = Float64Array.from({ length: 6 }, (_, k) => (k < 3 ? 0 : next.reduce((sum, variate, i) => sum + variate[k - 3]! - own[i]![k - 3]!, 0) / 2));
      server = Float64Array.from(STRATEGIES.scaffold.step({ dimension: 3, update, state: server, rate: 1, settings, used: 2, participants: 2 }).state);
      own = next.map((variate) => Float64Array.from(variate));
      close(server, [0, 1, 2].map((k) => (own[0]![k]! + own[1]![k]!) / 2));
    }
  });

  it('reads a state in its one form only', () => {
    const state = Float64Array.of(1.5, -0, 2 ** -1074);
    const bytes = encodeState(state);
    expect([...decodeState(bytes, 3)]).to.deep.equal([1.5, 0, 2 ** -1074]);
    const codeOf = (act: () => unknown): string => { try { act(); return ''; } catch (error) { return (error as CodedError).code; } };
    const negative = new Uint8Array(8);
    negative[7] = 0x80;
    expect([() => decodeState(bytes, 2), () => decodeState(negative, 1), () => decodeState(new Uint8Array(8).fill(255), 1), () => encodeState(Float64Array.of(Number.NaN))].map(codeOf))
      .to.deep.equal(['BAD_ENCODING', 'BAD_ENCODING', 'NOT_FINITE', 'NOT_FINITE']);
  });
});
