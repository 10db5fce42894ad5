/** What FedAdagrad, FedAdam and FedYogi share, Reddi et al. 2021, Algorithm 2 (https://arxiv.org/abs/2003.00295): m ← β₁·m + (1−β₁)·Δ, v by the strategy, x ← x + η·m / (√v + τ). */
import { nothingFurther, type ServerStrategy } from './server-strategy.js';
import { positive, setting, share, type Ranges, type Settings } from './setting.js';

/** The strategy's own line: v from v before and Δ². */
export type SecondMoment = (v: number, square: number) => number;

/**
 * An adaptive server strategy. State: m, then v, d values each; m begins at 0 and v at τ², the paper's least.
 * There is no bias correction, because the algorithm has none.
 */
export function adaptive(parameters: Ranges, secondMoment: (settings: Settings) => SecondMoment): ServerStrategy {
  return {
    parameters: { beta1: share, tau: positive, ...parameters },
    further: nothingFurther,
    initial: (dimension, settings) => {
      const tau = setting(settings, 'tau');
      return new Float64Array(2 * dimension).fill(tau * tau, dimension);
    },
    step: ({ dimension, update, state, rate, settings }) => {
      const [beta1, tau] = [setting(settings, 'beta1'), setting(settings, 'tau')];
      const moment = secondMoment(settings);
      const next = new Float64Array(2 * dimension);
      const step = new Float64Array(dimension);
      for (let k = 0; k < dimension; k += 1) {
        const delta = update[k] as number;
        const m = beta1 * (state[k] as number) + (1 - beta1) * delta;
        const v = moment(state[dimension + k] as number, delta * delta);
        next[k] = m;
        next[dimension + k] = v;
        step[k] = (rate * m) / (Math.sqrt(v) + tau);
      }
      return { step, state: next };
    },
  };
}
