/** Limited-memory BFGS (Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116): the two-loop recursion, with steps halved until they descend enough (Armijo). */

/** A function's value and slope at a point. */
export interface Value {
  readonly value: number;
  readonly slope: Float64Array;
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, each, k) => sum + each * (b[k] as number), 0);
const along = (from: Float64Array, step: number, way: Float64Array): Float64Array => from.map((each, k) => each + step * (way[k] as number));

/** Moves that are remembered. */
const memory = 10;
/** Of the descent that the slope promises. */
const enough = 1e-4;
const mostHalvings = 30;

interface Move {
  readonly point: Float64Array;
  readonly slope: Float64Array;
  readonly curvature: number;
}

/** −H·slope, where the moves approximate the inverse Hessian H. */
function direction(slope: Float64Array, moves: readonly Move[]): Float64Array {
  const last = moves.at(-1);
  let way: Float64Array = slope.map((each) => -each);
  const shares = moves.toReversed().map((move) => {
    const share = dot(move.point, way) / move.curvature;
    way = along(way, -share, move.slope);
    return share;
  });
  if (last !== undefined) way = way.map((each) => (each * last.curvature) / dot(last.slope, last.slope));
  moves.forEach((move, at) => { way = along(way, (shares[moves.length - 1 - at] as number) - dot(move.slope, way) / move.curvature, move.point); });
  return way;
}

/** A point of low value from a start on. @param most steps. @returns where it stood when no step descended any more, or after so many. */
export function minimize(at: (point: Float64Array) => Value, start: Float64Array, most: number): { point: Float64Array; value: number } {
  let point = start;
  let here = at(point);
  let moves: Move[] = [];
  for (let taken = 0; taken < most; taken += 1) {
    let way = direction(here.slope, moves);
    if (!(dot(way, here.slope) < 0)) {
      moves = [];
      way = here.slope.map((each) => -each);
    }
    const promised = dot(way, here.slope);
    let step = moves.length === 0 ? Math.min(1, 1 / Math.sqrt(-promised || 1)) : 1;
    let next = at(along(point, step, way));
    for (let halvings = 0; !(next.value <= here.value + enough * step * promised) && halvings < mostHalvings; halvings += 1) {
      step /= 2;
      next = at(along(point, step, way));
    }
    if (!(next.value < here.value)) break;
    const [moved, turned] = [way.map((each) => each * step), along(next.slope, -1, here.slope)];
    const curvature = dot(moved, turned);
    if (curvature > 0) moves = [...moves, { point: moved, slope: turned, curvature }].slice(-memory);
    [point, here] = [along(point, step, way), next];
  }
  return { point, value: here.value };
}
