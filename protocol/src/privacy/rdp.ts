/** Accountant by Rényi differential privacy: one step's divergence at many orders, times the steps, turned into an epsilon (Mironov 2017, arXiv 1702.07476). */
import { assertRuns, type Mechanism, type Run } from './mechanism.js';
import { logMoment } from './moment.js';
import { fixedSizeMoment } from './rdp-fixed-size.js';

const tenths = Array.from({ length: 99 }, (_, at) => (at + 11) / 10);
const integers = Array.from({ length: 52 }, (_, at) => at + 12);

/** The orders at which an epsilon is sought: 1.1 to 10.9 by tenths, 12 to 63, and some large ones for small budgets. */
export const ORDERS: readonly number[] = [...tenths, ...integers, 64, 80, 96, 128, 192, 256, 512, 1024];

/** Rényi divergence of one step at an order above 1. */
export function rdpOf(mechanism: Mechanism, order: number): number {
  const moment = mechanism.kind === 'fixed-size' ? fixedSizeMoment(mechanism.samplingRate, mechanism.noiseMultiplier, order) : logMoment(mechanism, order);
  return Math.max(0, moment) / (order - 1);
}

const known = new Map<string, readonly number[]>();

/** One step's divergence at all orders; kept, because it costs more than everything that follows. */
function curveOf(mechanism: Mechanism): readonly number[] {
  const name = JSON.stringify(mechanism);
  const found = known.get(name) ?? ORDERS.map((order) => rdpOf(mechanism, order));
  if (known.size === 64) known.clear();
  known.set(name, found);
  return found;
}

/** What the orders show, and which of them showed it (conversion: Canonne, Kamath and Steinke 2020, proposition 12, arXiv 2004.00010). */
export interface RdpEpsilon {
  readonly epsilon: number;
  readonly order: number;
}

/**
 * The least epsilon of a composition. An upper bound, looser than the loss distribution's.
 * @param delta 0 < delta < 1.
 * @throws RangeError as `assertRuns`.
 */
export function rdpEpsilon(runs: readonly Run[], delta: number): RdpEpsilon {
  assertRuns(runs, delta);
  const used = runs.filter(({ steps }) => steps > 0).map(({ mechanism, steps }) => ({ curve: curveOf(mechanism), steps }));
  if (used.length === 0) return { epsilon: 0, order: Infinity };
  const candidates = ORDERS.map((order, at) => {
    const total = used.reduce((sum, { curve, steps }) => sum + steps * (curve[at] ?? Infinity), 0);
    return { order, epsilon: Math.max(0, total + Math.log1p(-1 / order) - Math.log(delta * order) / (order - 1)) };
  });
  return candidates.reduce((least, next) => (next.epsilon < least.epsilon ? next : least));
}
