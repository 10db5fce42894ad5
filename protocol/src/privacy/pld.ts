/** Accountant by privacy loss distributions: the losses of all steps, convolved by Fourier transform; an upper bound, tight to about 1e-5 (Koskela, Jälkö and Honkela 2020, arXiv 1906.03049). */
import { transform } from './fourier.js';
import { assertRuns, type Run } from './mechanism.js';
import { directionsOf, discretise, type Direction, type LossGrid, type Priced } from './pld-step.js';

/** One direction of each run's step, and how often. */
interface Part {
  readonly step: Direction;
  readonly steps: number;
}

/** Probability beyond the window, on each side; what lies above counts as an infinite loss. */
const tail = 1e-15;

/** Grid width over the root mean square of a step's deviation: the grid adds width²/6 to a step's variance at most. */
const fineness = 2.5e-3;

/** Cells that a distribution may have; beyond, the grid is made coarser, which only overstates. */
const maxCells = 2 ** 22;

/** Logarithm below which a component of the transform is lost in rounding. */
const vanished = -80;

const powers = Array.from({ length: 36 }, (_, at) => 0.011 * 1.4 ** at);

/** Least loss that is exceeded with probability `tail` at most (Chernoff); sign −1 asks for the lower side. */
function reach(parts: readonly Part[], sign: 1 | -1): number {
  const bounds = powers.map((power) => {
    const total = parts.reduce((sum, { step, steps }) => sum + steps * step.logMoment(sign * power), 0);
    return (total - Math.log(tail)) / power;
  });
  return Math.min(...bounds.filter((bound) => !Number.isNaN(bound)));
}

/** Deviation of one step's loss, roughly: it only sets the grid. */
function deviation(mechanism: Priced): number {
  if (mechanism.kind === 'laplace') return 1 / mechanism.scale;
  const { noiseMultiplier: sigma, samplingRate: q } = mechanism;
  return Math.min(1 / sigma, q * Math.sqrt(Math.expm1(Math.min(1 / (sigma * sigma), 700))));
}

/** The transform of one step's grid in a window of n cells, raised to the steps and multiplied into the product so far. */
function multiplyIn({ mass, first }: LossGrid, steps: number, re: Float64Array, im: Float64Array): void {
  const n = re.length;
  const a = new Float64Array(n);
  const b = new Float64Array(n);
  mass.forEach((value, k) => {
    const cell = (((first + k) % n) + n) % n;
    a[cell] = (a[cell] as number) + value;
  });
  transform(a, b);
  for (let k = 0; k < n; k++) {
    const x = a[k] as number;
    const y = b[k] as number;
    const logSize = (steps * Math.log(x * x + y * y)) / 2;
    const size = logSize < vanished ? 0 : Math.exp(logSize);
    const angle = size === 0 ? 0 : steps * Math.atan2(y, x);
    const c = size * Math.cos(angle);
    const d = size * Math.sin(angle);
    const e = re[k] as number;
    const f = im[k] as number;
    re[k] = e * c - f * d;
    im[k] = e * d + f * c;
  }
}

/** The loss of all steps in one direction. */
function compose(parts: readonly Part[], finest: number): LossGrid {
  const total = parts.reduce((sum, { steps }) => sum + steps, 0);
  const [low, high] = [-reach(parts, -1), reach(parts, 1)];
  // A step's mass may move by one cell, hence the room for `total` cells.
  const width = Math.max(finest, (high - low) / (maxCells - 2 * total));
  const first = Math.floor(low / width) - total;
  const n = 2 ** Math.ceil(Math.log2(Math.ceil(high / width) + total - first + 1));
  const [re, im] = [new Float64Array(n).fill(1), new Float64Array(n)];
  let logFinite = 0;
  for (const { step, steps } of parts) {
    const grid = discretise(step, width);
    logFinite += steps * Math.log1p(-grid.infinite);
    multiplyIn(grid, steps, re, im);
  }
  transform(im, re);
  // What wraps around from below lands high, which overstates; what wraps from above is in `tail`.
  const mass = Float64Array.from({ length: n }, (_, k) => (re[(((first + k) % n) + n) % n] as number) / n);
  return { width, first, mass, infinite: tail - Math.expm1(logFinite) };
}

/** Epsilon at a delta from a distribution: δ(ε) = infinite + Σ_{loss > ε} mass · (1 − e^(ε − loss)), summed from the largest loss down. */
function epsilonAt({ width, first, mass, infinite }: LossGrid, delta: number): number {
  const shrink = Math.exp(-width);
  let above = infinite;
  let scaled = 0; // Σ mass · e^(here − loss)
  let here = (first + mass.length) * width;
  for (let k = mass.length - 1; k >= 0 && here > 0 && above - scaled <= delta; k--) {
    here = (first + k) * width;
    scaled = scaled * shrink;
    if (above - scaled > delta) break;
    above += mass[k] as number;
    scaled += mass[k] as number;
  }
  return above <= delta ? 0 : Math.max(0, here + Math.log((above - delta) / scaled));
}

function deltaAt({ width, first, mass, infinite }: LossGrid, epsilon: number): number {
  return mass.reduce((sum, value, k) => sum + value * Math.max(0, -Math.expm1(epsilon - (first + k) * width)), infinite);
}

/** The worse of the directions, by what is asked of their distributions. */
function worst(runs: readonly Run[], ask: (grid: LossGrid) => number): number {
  const used = runs.filter(({ steps }) => steps > 0).map(({ mechanism, steps }) => {
    if (mechanism.kind === 'fixed-size') throw new RangeError('a fixed-size sample has no known loss distribution: use the RDP accountant');
    return { mechanism, steps, directions: directionsOf(mechanism) };
  });
  if (used.length === 0) return 0;
  const total = used.reduce((sum, { steps }) => sum + steps, 0);
  const finest = Math.min(1e-3, fineness * Math.sqrt(used.reduce((sum, { mechanism, steps }) => sum + (steps / total) * deviation(mechanism) ** 2, 0)));
  const sides = Math.max(...used.map(({ directions }) => directions.length));
  const answers = Array.from({ length: sides }, (_, side) => ask(compose(used.map(({ directions, steps }) => ({ step: directions[Math.min(side, directions.length - 1)] as Direction, steps })), finest)));
  return Math.max(...answers);
}

/**
 * Epsilon of a composition, never below the true one by more than rounding.
 * @param delta from 1e-9 on; below, rounding in the transform would count.
 * @throws RangeError as `assertRuns`, and for a fixed-size sample.
 */
export function pldEpsilon(runs: readonly Run[], delta: number): number {
  assertRuns(runs, delta);
  return worst(runs, (grid) => epsilonAt(grid, delta));
}

/** Delta of a composition at an epsilon of 0 or more. @throws RangeError as `pldEpsilon`. */
export function pldDelta(runs: readonly Run[], epsilon: number): number {
  assertRuns(runs, 0.5);
  return worst(runs, (grid) => deltaAt(grid, epsilon));
}
