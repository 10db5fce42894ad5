/** A mean over seeds with its 95 % confidence interval (Student's t). */

/** A mean and half the width of its 95 % interval; 0 where all values are equal. */
export interface Interval {
  readonly mean: number;
  readonly half: number;
}

/** Quantile 0.975 of Student's t by degrees of freedom, from 1. */
const t975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** @throws RangeError for fewer than 2 or more than 10 values. */
export function interval(values: readonly number[]): Interval {
  const n = values.length;
  const t = t975[n - 2];
  if (t === undefined) throw new RangeError(`an interval is made of 2 to 10 values, not ${n}`);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, half: t * Math.sqrt(variance / n) };
}

/** Whether a value lies in an interval, its ends included. */
export const holds = ({ mean, half }: Interval, value: number): boolean => Math.abs(value - mean) <= half + 1e-12;

/** `.973 ± .012`, three decimals. */
export const tell = ({ mean, half }: Interval): string => `${mean.toFixed(3)} ± ${half.toFixed(3)}`.replaceAll(/\b0\./g, '.');
