/**
 * Orders for keys that differ in their number only: those that come while the keys of one are being marked become one
 * order, the larger the busier the site is. What costs once an order is so shared by many callers.
 */
import { setImmediate } from 'node:timers/promises';
import { TooFewKeys } from './kme-link.js';
import { MAX_RESERVATIONS } from './peer-messages.js';

/** Issues that many keys; says when they are marked, from when on the next order may begin. */
export type Issue<Key> = (count: number, marked: () => void) => Promise<readonly Key[] | undefined>;

/** An order that still grows. */
interface Gathering<Key> {
  count: number;
  orders: number;
  readonly issued: Promise<readonly Key[] | undefined>;
}

export class OrderQueue<Key> {
  readonly #gathering = new Map<string, Gathering<Key>>();
  /** The end of the marking that a kind waits for. */
  readonly #marking = new Map<string, Promise<unknown>>();

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
      if (gathering.orders > 1 && thrown instanceof TooFewKeys) return issue(count, () => undefined);
      throw thrown;
    }
  }

  #open(kind: string, issue: Issue<Key>): Gathering<Key> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const marked = (): void => { resolve(undefined); };
    // The orders of one turn come together even when nothing is waited for.
    const before = this.#marking.get(kind) ?? setImmediate();
    this.#marking.set(kind, promise);
    const gathering: Gathering<Key> = {
      count: 0,
      orders: 0,
      issued: before.then(async () => {
        if (this.#gathering.get(kind) === gathering) this.#gathering.delete(kind);
        return issue(gathering.count, marked);
      }).finally(() => {
        marked();
        if (this.#marking.get(kind) === promise) this.#marking.delete(kind);
      }),
    };
    this.#gathering.set(kind, gathering);
    return gathering;
  }
}
