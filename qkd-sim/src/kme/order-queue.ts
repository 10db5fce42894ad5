/**
 * Orders for keys that differ in their number only: one at a time, and those that come meanwhile become the next one. What
 * costs once an order, the waits for two disks above all, is so shared by the more callers the busier the site is.
 */
import { setImmediate } from 'node:timers/promises';
import { TooFewKeys } from './kme-link.js';
import { MAX_RESERVATIONS } from './peer-messages.js';

/** Issues that many keys. */
export type Issue<Key> = (count: number) => Promise<readonly Key[] | undefined>;

/** An order that still grows. */
interface Gathering<Key> {
  count: number;
  orders: number;
  readonly issued: Promise<readonly Key[] | undefined>;
}

export class OrderQueue<Key> {
  readonly #gathering = new Map<string, Gathering<Key>>();
  /** The end of the last order of each kind. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Issues keys.
   * @param kind the same for orders that may become one
   * @returns what `issue` does for this order alone
   */
  async add(kind: string, count: number, issue: Issue<Key>): Promise<readonly Key[] | undefined> {
    const open = this.#gathering.get(kind);
    const gathering = open === undefined || open.count + count > MAX_RESERVATIONS ? this.#open(kind, issue) : open;
    const start = gathering.count;
    gathering.count += count;
    gathering.orders += 1;
    try {
      return (await gathering.issued)?.slice(start, start + count);
    } catch (thrown) {
      // What is too much together may be enough for some.
      if (gathering.orders > 1 && thrown instanceof TooFewKeys) return issue(count);
      throw thrown;
    }
  }

  #open(kind: string, issue: Issue<Key>): Gathering<Key> {
    // The orders of one turn come together even when nothing is waited for.
    const before = this.#last.get(kind) ?? setImmediate();
    const issued = before.then(async () => {
      if (this.#gathering.get(kind) === gathering) this.#gathering.delete(kind);
      return issue(gathering.count);
    });
    const ended: Promise<unknown> = issued.catch(() => undefined).then(() => { if (this.#last.get(kind) === ended) this.#last.delete(kind); });
    const gathering: Gathering<Key> = { count: 0, orders: 0, issued };
    this.#gathering.set(kind, gathering);
    this.#last.set(kind, ended);
    return gathering;
  }
}
