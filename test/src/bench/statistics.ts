/** The few statistics that a benchmark prints. */

/** The value below which a fraction of the sample lies, by nearest rank. @param fraction 0 < fraction <= 1. @throws RangeError for an empty sample. */
export function percentile(sample: readonly number[], fraction: number): number {
  const value = sample.toSorted((a, b) => a - b)[Math.ceil(fraction * sample.length) - 1];
  if (value === undefined) throw new RangeError('a sample needs at least one value');
  return value;
}

/** The middle value, or the mean of the two middle ones. @throws RangeError for an empty sample. */
export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError('a sample needs at least one value');
  return (low + high) / 2;
}

/** (largest - smallest) / median: how far repetitions lie apart, 0 for equal ones. */
export function spread(sample: readonly number[]): number {
  const middle = median(sample);
  return middle === 0 ? 0 : (Math.max(...sample) - Math.min(...sample)) / middle;
}
