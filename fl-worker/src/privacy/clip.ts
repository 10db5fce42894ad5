/** Clipping: what one unit can move is bounded before noise hides it. */

/** Share of the norm left for the rounding of float64 sums over at most 2^16 vectors, whose worst case is 2^32 · 2^−53. */
const roundingShare = 1e-6;

/** The norm to clip to, so that with all rounding two neighbours differ by no more than `norm`. @param room what the noise's grid takes, see `roundingRoom`. @throws RangeError when nothing is left. */
export function normToClipTo(norm: number, room: number): number {
  const left = norm * (1 - roundingShare) - room;
  if (!(left > 0)) throw new RangeError('a vector of this dimension cannot be hidden: the noise is too large for its grid');
  return left;
}

/** Euclidean norm. */
export const normOf = (vector: Float64Array): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));

/** The factor that brings a vector of a norm within a limit. */
export const clipFactor = (norm: number, limit: number): number => (norm <= limit ? 1 : limit / norm);
