/** Centred clipping, Karimireddy, He and Jaggi 2021 (https://arxiv.org/abs/2012.10333): differences from the present estimate are clipped and averaged, v ← v + mean of (x_i − v)·min(1, τ / ‖x_i − v‖). */
import { normClipping } from './norm-clipping.js';
import type { Rows } from './rows.js';

/** A fixed number of such steps from zero. @param radius τ. */
export function centredClipping(rows: Rows, iterations: number, radius: number): Float64Array {
  let centre = new Float64Array(rows[0]?.length ?? 0);
  for (let step = 0; step < iterations; step += 1) {
    const from = centre;
    const move = normClipping(rows.map((row) => row.map((value, k) => value - (from[k] as number))), radius);
    centre = from.map((value, k) => value + (move[k] as number));
  }
  return centre;
}
