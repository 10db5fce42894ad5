/** One step's privacy loss on a grid, never better than it is: the dots of its delta curve are connected (Doroshenko et al. 2022, arXiv 2207.04380). */
import type { Mechanism } from './mechanism.js';
import { logMoment } from './moment.js';
import { normalTail } from './normal-tail.js';

/** Mechanisms with a loss distribution. A fixed-size sample has none that is known to be worst. */
export type Priced = Exclude<Mechanism, { kind: 'fixed-size' }>;

/** One of the two ways in which neighbours differ: a unit is removed (P over Q) or added (Q over P). */
export interface Direction {
  /** Least delta at an epsilon for one step. */
  readonly delta: (epsilon: number) => number;
  /** ln E[e^(power · loss)], for tail bounds. */
  readonly logMoment: (power: number) => number;
  /** Beyond these the loss has less than `negligible` of probability. */
  readonly least: number;
  readonly most: number;
}

const negligible = 1e-18;

/** Where a falling delta curve has become negligible. */
function endOf(delta: (epsilon: number) => number): number {
  let [low, high] = [0, 1];
  while (delta(high) > negligible) [low, high] = [high, 2 * high];
  for (let halving = 0; halving < 30; halving++) {
    const middle = (low + high) / 2;
    if (delta(middle) > negligible) low = middle;
    else high = middle;
  }
  return high;
}

function gaussianDirections(sigma: number, q: number): { removed: Direction['delta']; added: Direction['delta'] } {
  const logKept = Math.log1p(-q);
  /** The output at which P/Q = 1 − q + excess. */
  const outputAt = (excess: number): number => sigma * sigma * Math.log(excess / q) + 0.5;
  return {
    removed: (epsilon) => {
      const excess = Math.expm1(epsilon) + q;
      if (excess <= 0) return -Math.expm1(epsilon);
      const x = outputAt(excess);
      return q * normalTail((x - 1) / sigma) - excess * normalTail(x / sigma);
    },
    added: (epsilon) => {
      const excess = Math.expm1(-epsilon) + q;
      if (excess <= 0) return 0;
      const x = outputAt(excess);
      return -Math.expm1(epsilon + logKept) * normalTail(-x / sigma) - q * Math.exp(epsilon) * normalTail((1 - x) / sigma);
    },
  };
}

function laplaceDelta(b: number): Direction['delta'] {
  return (epsilon) => {
    if (epsilon >= 1 / b) return 0;
    return epsilon <= -1 / b ? -Math.expm1(epsilon) : -Math.expm1((epsilon - 1 / b) / 2);
  };
}

/** The directions of one step; one where both are alike. */
export function directionsOf(mechanism: Priced): Direction[] {
  const moment = (power: number): number => logMoment(mechanism, power);
  if (mechanism.kind === 'laplace' || mechanism.samplingRate === 1) {
    const delta = mechanism.kind === 'laplace' ? laplaceDelta(mechanism.scale) : gaussianDirections(mechanism.noiseMultiplier, 1).removed;
    const most = mechanism.kind === 'laplace' ? 1 / mechanism.scale : endOf(delta);
    return [{ delta, logMoment: (power) => moment(1 + power), least: -most, most }];
  }
  const { noiseMultiplier, samplingRate } = mechanism;
  const { removed, added } = gaussianDirections(noiseMultiplier, samplingRate);
  const most = endOf(removed);
  const least = Math.max(-most, Math.log1p(-samplingRate));
  return [
    { delta: removed, logMoment: (power) => moment(1 + power), least, most },
    { delta: added, logMoment: (power) => moment(-power), least: -most, most: -least },
  ];
}

/** A distribution of losses `(first + k) · width`, and the probability of an infinite loss. */
export interface LossGrid {
  readonly width: number;
  readonly first: number;
  readonly mass: Float64Array;
  readonly infinite: number;
}

/** The loss of one step on a grid of a width: its delta curve meets the true one at the grid's points and lies above it between them. */
export function discretise({ delta, least, most }: Direction, width: number): LossGrid {
  const first = Math.floor(least / width);
  const count = Math.ceil(most / width) - first + 1;
  const mass = new Float64Array(count);
  const [shrink, growth] = [-Math.expm1(-width), Math.expm1(width)];
  let here = delta(first * width);
  let below = (1 - here) * shrink; // so that all mass from below ends in the first point
  for (let k = 0; k < count; k++) {
    const next = k === count - 1 ? here : delta((first + k + 1) * width);
    mass[k] = below / shrink - (here - next) / growth;
    below = here - next;
    here = next;
  }
  return { width, first, mass, infinite: here };
}
