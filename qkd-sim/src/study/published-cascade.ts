/**
 * Published efficiencies of Cascade at frames of 10,000 bits, 10,000 frames a point: parity bits asked over n·h(Q), from
 * the data files of cascade-cpp (github.com/brunorijsman/cascade-cpp). Option 4 is not among them.
 */
import type { CascadeVariantName } from '../distillation/cascade-variant.js';

/** Error rates of the table, 0 to 1. */
export const publishedQbers: readonly number[] = [0.01, 0.02, 0.03, 0.05, 0.08, 0.1];

const efficiencies: Readonly<Partial<Record<CascadeVariantName, readonly number[]>>> = {
  original: [1.143, 1.159, 1.174, 1.185, 1.217, 1.209],
  biconf: [1.101, 1.09, 1.087, 1.093, 1.107, 1.111],
  option2: [1.095, 1.084, 1.078, 1.077, 1.097, 1.093],
  option3: [1.111, 1.1, 1.091, 1.106, 1.114, 1.128],
  option7: [1.122, 1.098, 1.152, 1.114, 1.095, 1.129],
  option8: [1.16, 1.131, 1.141, 1.11, 1.259, 1.222],
};

/** The published efficiency at frames of 10,000 bits, where there is one. */
export const publishedEfficiency = (variant: CascadeVariantName, qber: number): number | undefined =>
  efficiencies[variant]?.[publishedQbers.indexOf(qber)];
