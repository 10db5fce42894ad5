/** Doing again what is safe to do again: exponential delays with jitter, never sooner than the server asks, never past the deadline. */
import { EtsiQkd014Error } from './error.js';

/** How often and how long. */
export interface RetryPolicy {
  /** At most, the first included. */
  readonly attempts: number;
  /** For the whole call, ms. */
  readonly deadlineMs: number;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Monotonic ms. */
  readonly elapsed: () => number;
  /** Resolves after some ms; rejects when the signal fires. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const firstDelayMs = 100;
const longestDelayMs = 5000;

/** Half to all of a delay that doubles with every attempt. @param failed attempts so far, from 1. */
export const delayMs = (failed: number, random: () => number): number => Math.min(longestDelayMs, firstDelayMs * 2 ** (failed - 1)) * (0.5 + random() / 2);

/**
 * Calls until there is a result, an error that may not be repeated, or no time.
 * @param again whether what failed may be asked again.
 * @throws the last error.
 */
export async function retrying<T>(policy: RetryPolicy, call: () => Promise<T>, again: (error: EtsiQkd014Error) => boolean, signal?: AbortSignal): Promise<T> {
  const end = policy.elapsed() + policy.deadlineMs;
  for (let failed = 1; ; failed++) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EtsiQkd014Error) || !again(error) || failed >= policy.attempts || signal?.aborted === true) throw error;
      const wait = Math.max(delayMs(failed, policy.random), error.server.retryAfterMs ?? 0);
      if (policy.elapsed() + wait >= end) throw error;
      await policy.pause(wait, signal).catch(() => { throw error; });
    }
  }
}

/** `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as ms from now; undefined where it is neither. @param now ms since 1970 UTC. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
