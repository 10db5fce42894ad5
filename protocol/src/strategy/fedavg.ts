/** FedAvg, McMahan et al. 2017 (https://arxiv.org/abs/1602.05629): the weighted mean of the local updates, x ← x + η·Δ. */
import { nothingFurther, scaled, type ServerStrategy } from './server-strategy.js';

/** No state, no parameters. */
export const fedavg: ServerStrategy = {
  parameters: {},
  further: nothingFurther,
  initial: () => new Float64Array(),
  step: ({ update, rate, state }) => ({ step: scaled(rate, update), state }),
};
