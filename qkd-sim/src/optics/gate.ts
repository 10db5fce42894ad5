/** One gate in which both ends have something to tell, packed into a byte. */

/** The key basis. */
export const X = 0;
/** The check basis. */
export const Z = 1;

/**
 * Alice's basis (bit 0), her bit (bit 1), intensity (bits 2 and 3), Bob's basis (bit 4), the detectors that clicked
 * (bits 5 and 6), and whether Bob's basis was turned by 22.5° for the test of Bell's inequality (bit 7).
 */
export type Gate = number;

export const aliceBasis = (gate: Gate): number => gate & 1;
export const aliceBit = (gate: Gate): number => (gate >> 1) & 1;
export const intensityOf = (gate: Gate): number => (gate >> 2) & 3;
export const bobBasis = (gate: Gate): number => (gate >> 4) & 1;
export const patternOf = (gate: Gate): number => (gate >> 5) & 3;
export const isTurned = (gate: Gate): boolean => gate >> 7 === 1;
/** The part of a gate that Alice knows. */
export const ALICE_MASK = 0x0f;
