/** The pool of keys shared with a slave SAE, watched: one reading after another, with a low-water mark. */
import { setTimeout as after } from 'node:timers/promises';
import type { EtsiQkd014Client } from './client.js';
import { EtsiQkd014Error } from './error.js';
import type { KmeStatus } from './messages.js';

/** What a watch found. */
export interface PoolReading {
  /** `low` when fewer keys are stored than the low-water mark; `unavailable` when the server did not answer or answered 503. */
  readonly level: 'enough' | 'low' | 'unavailable';
  /** Whether the level is another than in the reading before; true for the first. */
  readonly changed: boolean;
  readonly status?: KmeStatus;
  readonly fault?: EtsiQkd014Error;
}

export interface WatchOptions {
  /** Keys, of the server's `key_size`. */
  readonly lowWater: number;
  /** Between two readings, ms. Default 5000. */
  readonly everyMs?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the status again and again until the signal fires or the loop is left. A server that is away does not end it.
 * @throws EtsiQkd014Error that does not pass by waiting: NOT_ENTITLED, BAD_REQUEST, TLS_REFUSED, MALFORMED_ANSWER.
 */
export async function* watchPool(client: Pick<EtsiQkd014Client, 'status'>, slave: string, { lowWater, everyMs = 5000, signal }: WatchOptions): AsyncGenerator<PoolReading, void> {
  let last: PoolReading['level'] | undefined;
  const options = signal === undefined ? {} : { signal };
  const over = (): boolean => signal?.aborted === true;
  while (!over()) {
    const found = await client.status(slave, options).catch((error: unknown) => {
      if (error instanceof EtsiQkd014Error && error.code === 'UNAVAILABLE') return error;
      throw error;
    });
    if (over()) return;
    const reading = found instanceof EtsiQkd014Error
      ? { level: 'unavailable', fault: found } as const
      : { level: found.stored_key_count < lowWater ? 'low' : 'enough', status: found } as const;
    yield { ...reading, changed: reading.level !== last };
    last = reading.level;
    await after(everyMs, undefined, options).catch(() => undefined);
  }
}
