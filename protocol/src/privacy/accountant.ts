/** What a number of steps costs, how many steps a budget buys, and how much noise it needs, by either accountant. */
import type { Mechanism } from './mechanism.js';
import { pldEpsilon } from './pld.js';
import { rdpEpsilon } from './rdp.js';

/** Names of the accountants; `pld` is tighter and slower. */
export type AccountantName = 'rdp' | 'pld';

/** Steps beyond which a grid of losses would be too coarse; the bound by orders holds there as well. */
const mostConvolved = 1_000_000;

/** Epsilon of so many steps of one mechanism. @throws RangeError as the accountants. */
export function epsilonOf(accountant: AccountantName, mechanism: Mechanism, steps: number, delta: number): number {
  const runs = [{ mechanism, steps }];
  return accountant === 'pld' && steps <= mostConvolved ? pldEpsilon(runs, delta) : rdpEpsilon(runs, delta).epsilon;
}

/** Steps up to which a search goes. */
const mostSteps = 10_000_000;

/** The largest number of steps, at most `most`, whose epsilon stays within the budget; 0 when not even one does. */
export function stepsWithin(accountant: AccountantName, mechanism: Mechanism, epsilon: number, delta: number, most = mostSteps): number {
  const fits = (steps: number): boolean => epsilonOf(accountant, mechanism, steps, delta) <= epsilon;
  let low = 0;
  let high = 1;
  while (high <= most && fits(high)) [low, high] = [high, 2 * high];
  high = Math.min(high, most + 1);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * The least noise multiplier, to 0.0001 and rounded up, with which so many steps stay within the budget.
 * @throws RangeError when a multiplier of 10,000 is not enough.
 */
export function noiseWithin(accountant: AccountantName, mechanismOf: (noiseMultiplier: number) => Mechanism, steps: number, epsilon: number, delta: number): number {
  const fits = (tenThousandths: number): boolean => epsilonOf(accountant, mechanismOf(tenThousandths / 10_000), steps, delta) <= epsilon;
  let low = 1000; // 0.1: below, no budget in use is met
  let high = 10_000;
  if (fits(low)) return low / 10_000;
  while (!fits(high)) {
    [low, high] = [high, 2 * high];
    if (high > 100_000_000) throw new RangeError(`no noise keeps ${steps} steps within epsilon ${epsilon}`);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high / 10_000;
}
