/** Reservations on their way to the other end: in order, one request at a time, what comes meanwhile together in the next. */
import type { Reservation } from '../store/key-store.js';
import { MAX_RESERVATIONS } from './peer-messages.js';

/** A request that still gathers reservations. */
interface Batch {
  readonly reservations: Reservation[];
  readonly sent: Promise<void>;
}

export class ReservationQueue {
  readonly #send: (reservations: readonly Reservation[]) => Promise<void>;
  #batch: Batch | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(send: (reservations: readonly Reservation[]) => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when the other end has noted these; rejects when it is not known to have. */
  async add(reservations: readonly Reservation[]): Promise<void> {
    if (this.#batch === undefined || this.#batch.reservations.length + reservations.length > MAX_RESERVATIONS) this.#batch = this.#open();
    this.#batch.reservations.push(...reservations);
    return this.#batch.sent;
  }

  #open(): Batch {
    const reservations: Reservation[] = [];
    const sent = this.#last.then(async () => {
      if (this.#batch?.reservations === reservations) this.#batch = undefined;
      return this.#send(reservations);
    });
    this.#last = sent.catch(() => undefined);
    return { reservations, sent };
  }
}
