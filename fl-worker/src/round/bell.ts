/** Rings when something happened on the ledger, or when it is time to look anyway: events are hints, the state is read again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LedgerEvent } from '@epione/client';
import type { Announcement } from '@epione/protocol';
import type { RoundLedger } from '../site/site.js';

/** What happens in every round and changes no member, study or proposal. */
const everyday: ReadonlySet<Announcement['event']> = new Set(['submitted', 'retracted', 'attested', 'roundClosed', 'roundAborted', 'accessed', 'cosigned', 'consentGranted', 'consentWithdrawn', 'detailKept', 'detailErased']);

/** Waits for hints until disposed. */
export class Bell implements Disposable {
  readonly #stop = new AbortController();
  #rung = false;
  #heard = -1;
  #looked = -1;
  #wake: (() => void) | undefined;
  #changes = 0;
  /** Grows whenever a member, a study or a proposal may have changed; undefined while events are not heard. What was read of them holds as long as it stays. */
  roll: number | undefined;

  /** Starts to listen; that events cannot be had is no fault, only slower. */
  constructor(ledger: Pick<RoundLedger, 'events'>) {
    void this.#listen(ledger);
  }

  async #listen(ledger: Pick<RoundLedger, 'events'>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        for await (const event of ledger.events({ signal })) this.#hear(event);
      } catch {
        this.roll = undefined;
        await sleep(5000, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** No announcement is one in words of another version: it may be of anything. */
  #hear({ announcements, block }: Pick<LedgerEvent, 'announcements' | 'block'>): void {
    const change = this.roll === undefined || announcements.length === 0 || announcements.some(({ event }) => !everyday.has(event));
    if (change) this.#changes += 1;
    this.roll = this.#changes;
    this.#heard = Math.max(this.#heard, block);
    if (announcements.length === 0 || (block <= this.#looked && !change)) return;
    this.#rung = true;
    this.#wake?.();
  }

  /** The state is about to be read: it holds all of the blocks heard of so far, and no more everyday hints of theirs ring. */
  look(): void {
    this.#looked = this.#heard;
    this.#rung = false;
  }

  /** Returns at the next hint (at once for one since the last look), or after `ms`, or when `signal` fires. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      const timer = setTimeout(resolve, ms, undefined);
      this.#wake = () => { resolve(undefined); };
      signal.addEventListener('abort', resolve);
      await promise;
      signal.removeEventListener('abort', resolve);
      clearTimeout(timer);
    }
    this.#rung = false;
    this.#wake = undefined;
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }
}
