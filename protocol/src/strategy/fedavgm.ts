/** FedAvgM, Hsu, Qi and Brown 2019 (https://arxiv.org/abs/1909.06335): momentum at the server, v ← β·v + Δ, x ← x + η·v. */
import { nothingFurther, scaled, type ServerStrategy } from './server-strategy.js';
import { setting, share } from './setting.js';

/** State: v. Parameter `momentum` β. */
export const fedavgm: ServerStrategy = {
  parameters: { momentum: share },
  further: nothingFurther,
  initial: (dimension) => new Float64Array(dimension),
  step: ({ update, state, rate, settings }) => {
    const momentum = setting(settings, 'momentum');
    const velocity = state.map((value, k) => momentum * value + (update[k] as number));
    return { step: scaled(rate, velocity), state: velocity };
  },
};
