/** Centred clipping, Karimireddy, He and Jaggi 2021 (https://arxiv.org/abs/2012.10333): differences from the present estimate are clipped and averaged, v ← v + mean of (x_i − v)·min(1, τ / ‖x_i − v‖). */
import { squaredDistance, type Rows } from './rows.js';

/** A fixed number of such steps from zero. @param radius τ. */
export function centredClipping(rows: Rows, iterations: number, radius: number): Float64Array {
  const centre = new Float64Array(rows[0]?.length ?? 0);
  for (let step = 0; step < iterations; step += 1) {
    const move = new Float64Array(centre.length);
    for (const row of rows) {
      const length = Math.sqrt(squaredDistance(row, centre));
      const factor = length > radius ? radius / length : 1;
      for (let k = 0; k < move.length; k += 1) move[k] = (move[k] as number) + factor * ((row[k] as number) - (centre[k] as number));
    }
    for (let k = 0; k < move.length; k += 1) centre[k] = (centre[k] as number) + (move[k] as number) / rows.length;
  }
  return centre;
}
