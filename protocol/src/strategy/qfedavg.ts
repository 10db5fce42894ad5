/** q-FedAvg, Li et al. 2020, "Fair Resource Allocation in Federated Learning" (https://arxiv.org/abs/1905.10497): hospitals with a larger loss weigh more, x ← x + η·Σ F^q·Δ / Σ h. */
import { scaled, type ServerStrategy } from './server-strategy.js';
import { wholeUpTo } from './setting.js';

/** x to a whole power, by repeated multiplication. */
function power(x: number, exponent: number): number {
  let product = 1;
  for (let times = 0; times < exponent; times += 1) product *= x;
  return product;
}

/**
 * What a hospital sends instead of its difference: F^q·Δ, then h/L = q·F^(q−1)·L·‖Δ‖² + F^q, so that two sums are all the server
 * needs. With q = 0 it is FedAvg.
 * @param loss F, the base model's mean loss on the hospital's rows, 0 or more.
 * @param smoothness L, the inverse of the local learning rate.
 */
export function fairUpdate(delta: Float64Array, q: number, loss: number, smoothness: number): Float64Array {
  const weight = power(loss, q);
  const square = delta.reduce((sum, value) => sum + value * value, 0);
  const update = new Float64Array(delta.length + 1);
  update.set(delta.map((value) => weight * value));
  update[delta.length] = (q === 0 ? 0 : q * power(loss, q - 1) * smoothness * square) + weight;
  return update;
}

/** No state. Parameter `q`, a whole number because powers are repeated products. */
export const qfedavg: ServerStrategy = {
  parameters: { q: wholeUpTo(8) },
  further: () => 1,
  initial: () => new Float64Array(),
  step: ({ dimension, update, rate, state }) => {
    const h = update[dimension] as number;
    return { step: scaled(rate, update.subarray(0, dimension).map((value) => value / h)), state };
  },
};
