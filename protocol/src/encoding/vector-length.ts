/** How long the vector of an update is (PROTOCOL section 7). */

/** The 128 zero bits at the end of a vector; masks that do not cancel show here. */
export const guardBytes = 16;

/** Bytes of a vector of so many coordinates: the weight, the coordinates, the guard. */
export const vectorLength = (bits: 32 | 64, dimension: number): number => (bits / 8) * (dimension + 1) + guardBytes;
