/** Order, gathering and failures of reservations. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import type { Reservation } from '../store/key-store.js';
import { MAX_RESERVATIONS } from './peer-messages.js';
import { ReservationQueue } from './reservation-queue.js';

const at = (start: number): Reservation => ({ keyId: '', block: 0, start, bytes: 32, master: 'a', slaves: ['b'], epsilon: 0 });

describe('reservation queue', () => {
  it('sends in order, gathers while it waits, and tells each caller the end of its own request', async () => {
    const sent: number[][] = [];
    const release: ((error?: Error) => void)[] = [];
    const queue = new ReservationQueue(async (reservations) => {
      sent.push(reservations.map(({ start }) => start));
      return new Promise((resolve, reject) => { release.push((error) => { if (error === undefined) resolve(); else reject(error); }); });
    });
    const ends: string[] = [];
    const add = (start: number): void => {
      queue.add([at(start)]).then(() => ends.push(`${start} noted`), () => ends.push(`${start} not known`));
    };
    add(0);
    await setImmediate();
    add(1);
    add(2);
    await setImmediate();
    expect(sent).deep.equal([[0]]);
    release[0]!();
    await setImmediate();
    expect(sent).deep.equal([[0], [1, 2]]);
    add(3);
    release[1]!(new Error('lost'));
    await setImmediate();
    expect(sent).deep.equal([[0], [1, 2], [3]]);
    release[2]!();
    await setImmediate();
    expect(ends).deep.equal(['0 noted', '1 not known', '2 not known', '3 noted']);
  });

  it('keeps a request within its limit', async () => {
    const sizes: number[] = [];
    const queue = new ReservationQueue(async (reservations) => { sizes.push(reservations.length); return Promise.resolve(); });
    const many = Array.from({ length: MAX_RESERVATIONS - 1 }, (_, index) => at(index));
    await Promise.all([queue.add(many), queue.add([at(1), at(2)])]);
    expect(sizes).deep.equal([MAX_RESERVATIONS - 1, 2]);
  });
});
