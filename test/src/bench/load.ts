/** A closed loop: a fixed number of transactions in flight until all are done. */
import { percentile } from './statistics.js';

/** What a load came to. Times in ms, throughput in transactions a second. */
export interface Load {
  readonly count: number;
  readonly throughput: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * Carries out every job, `inFlight` at a time.
 * @param now ms, monotonic.
 * @throws the first job's error; the others in flight are left to end.
 */
export async function load(jobs: readonly (() => Promise<unknown>)[], inFlight: number, now: () => number = () => performance.now()): Promise<Load> {
  const latencies: number[] = [];
  const waiting = jobs.values();
  const lane = async (): Promise<void> => {
    for (const job of waiting) {
      const begun = now();
      await job();
      latencies.push(now() - begun);
    }
  };
  const begun = now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (now() - begun) / 1000;
  return { count: jobs.length, throughput: jobs.length / seconds, p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), p99: percentile(latencies, 0.99) };
}
