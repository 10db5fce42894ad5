/** Rings when something happened on the ledger, or when it is time to look anyway: events are hints, the state is read again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoundLedger } from '../site/site.js';

/** Waits for hints until disposed. */
export class Bell implements Disposable {
  readonly #stop = new AbortController();
  #rung = false;
  #wake: (() => void) | undefined;

  /** Starts to listen; that events cannot be had is no fault, only slower. */
  constructor(ledger: Pick<RoundLedger, 'events'>) {
    void this.#listen(ledger);
  }

  async #listen(ledger: Pick<RoundLedger, 'events'>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const event of ledger.events({ signal })) if (event.announcements.length > 0) this.ring();
      } catch {
        await sleep(5000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Something happened. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Returns at the next hint (at once for one since the last wait), or after `ms`, or when `signal` fires. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const over = new AbortController();
      const end = (): void => {
        over.abort();
      };
      this.#wake = end;
      signal.addEventListener('abort', end);
      await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
      signal.removeEventListener('abort', end);
    }
    this.#rung = false;
    this.#wake = undefined;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}
