/** Values as small integers times one power of two of the study's resolution: decoded they lie on its grid, so that sums stay the same bytes in any order. */
import { CodedError } from '../error.js';

/** Adding and taking away 1.5 · 2^52 leaves no bits below one: IEEE 754 rounds half to even. Exact for magnitudes up to 2^51. */
const roundingPoint = 1.5 * 2 ** 52;
/** The nearest integer, ties to even. */
export const roundHalfEven = (x: number): number => x + roundingPoint - roundingPoint;

/** A bound of a fixed-point value is at most 2^50, so that no shift need be larger. */
const mostShift = 50;

/** Integers n and their shift s: the values are n · 2^s steps of the grid. */
export interface Scaled {
  readonly shift: number;
  readonly integers: Float64Array;
}

/**
 * Rounds values to the nearest multiples (ties to even) of the least power of two with which all are integers of at most `most` in magnitude.
 * @param steps values in steps of the grid, whole or not, of at most 2^50 in magnitude.
 * @param bound largest magnitude of a decoded value, in steps; a value that rounding would take beyond it stays below.
 */
export function scaleDown(steps: Float64Array, most: number, bound: number): Scaled {
  let largest = 0;
  for (const value of steps) largest = Math.max(largest, Math.abs(value));
  let shift = 0;
  while (roundHalfEven(largest / 2 ** shift) > most) shift += 1;
  const unit = 2 ** shift;
  const top = Math.min(most, Math.floor(bound / unit));
  return { shift, integers: steps.map((value) => Math.max(-top, Math.min(top, roundHalfEven(value / unit))) + 0) };
}

/**
 * The values in steps of the grid.
 * @throws CodedError BAD_ENCODING for integers beyond `most`, a shift without need, or a value beyond the bound.
 */
export function scaleUp({ shift, integers }: Scaled, most: number, bound: number): Float64Array {
  let largest = 0;
  for (const value of integers) largest = Math.max(largest, Math.abs(value));
  if (shift > mostShift || (largest === 0 && shift > 0) || largest > most || largest * 2 ** shift > bound) throw new CodedError('BAD_ENCODING', `the update has an integer of ${largest} at a scale of 2^${shift}, which nothing is rounded to`);
  return integers.map((value) => value * 2 ** shift);
}
