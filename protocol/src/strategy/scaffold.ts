/** SCAFFOLD, Karimireddy et al. 2020 (https://arxiv.org/abs/1910.06378): control variates take the drift out of local steps, x ← x + η·Δy, c ← c + (|S|/n)·Δc. */
import { scaled, type ServerStrategy } from './server-strategy.js';

/**
 * A hospital's next control variate, option II of the paper: c_i⁺ = c_i − c − Δy / (K·η_l).
 * @param delta Δy, local parameters less the base.
 * @param steps K, local steps that were taken.
 * @param learningRate η_l of the local steps.
 */
export const nextVariate = (own: Float64Array, server: Float64Array, delta: Float64Array, steps: number, learningRate: number): Float64Array =>
  own.map((value, k) => value - (server[k] as number) - (delta[k] as number) / (steps * learningRate));

/** State: c. Each update carries Δc = c_i⁺ − c_i behind Δy. */
export const scaffold: ServerStrategy = {
  parameters: {},
  further: (dimension) => dimension,
  initial: (dimension) => new Float64Array(dimension),
  step: ({ dimension, update, state, rate, used, participants }) => {
    const part = used / participants;
    return { step: scaled(rate, update.slice(0, dimension)), state: state.map((value, k) => value + part * (update[dimension + k] as number)) };
  },
};
