/** Orders that become one: what each gets, when the next begins, and what happens when it is too much together. */
import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { TooFewKeys } from './kme-link.js';
import { OrderQueue } from './order-queue.js';
import { MAX_RESERVATIONS } from './peer-messages.js';

describe('order queue', () => {
  it('makes one order of those that come meanwhile, and gives each its own keys', async () => {
    const queue = new OrderQueue<string>();
    const release: (() => void)[] = [];
    const counts: number[] = [];
    const issue = async (count: number): Promise<string[]> => {
      const order = counts.push(count);
      return new Promise((resolve) => { release.push(() => { resolve(Array.from({ length: count }, (_, index) => `${order}.${index}`)); }); });
    };
    const first = [queue.add('a', 1, issue), queue.add('a', 2, issue)];
    await setImmediate();
    const second = [queue.add('a', 3, issue), queue.add('a', 1, issue)];
    const other = queue.add('b', 1, issue);
    await setImmediate();
    expect(counts).deep.equal([3, 1]);
    for (const end of release) end();
    expect(await Promise.all(first)).deep.equal([['1.0'], ['1.1', '1.2']]);
    expect(await other).deep.equal(['2.0']);
    await setImmediate();
    expect(counts).deep.equal([3, 1, 4]);
    release[2]!();
    expect(await Promise.all(second)).deep.equal([['3.0', '3.1', '3.2'], ['3.3']]);
  });

  it('tries each alone when there are too few for all, and only then', async () => {
    const queue = new OrderQueue<number>();
    const counts: number[] = [];
    const issue = async (count: number): Promise<number[]> => {
      counts.push(count);
      return count > 2 ? Promise.reject(new TooFewKeys('too few')) : Promise.resolve(Array.from({ length: count }, () => count));
    };
    const ends = await Promise.allSettled([queue.add('a', 1, issue), queue.add('a', 3, issue), queue.add('a', 2, issue)]);
    expect(ends.map(({ status }) => status)).deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(counts).deep.equal([6, 1, 3, 2]);
    counts.length = 0;
    const lost = async (count: number): Promise<number[]> => { counts.push(count); return Promise.reject(new Error('lost')); };
    expect((await Promise.allSettled([queue.add('a', 1, lost), queue.add('a', 1, lost)])).map(({ status }) => status)).deep.equal(['rejected', 'rejected']);
    expect(counts).deep.equal([2]);
    expect(await queue.add('a', 1, issue)).deep.equal([1]);
  });

  it('keeps an order within what one request may reserve', async () => {
    const queue = new OrderQueue<number>();
    const counts: number[] = [];
    const issue = async (count: number): Promise<number[]> => {
      counts.push(count);
      return Promise.resolve(Array.from({ length: count }, () => count));
    };
    await Promise.all([queue.add('a', MAX_RESERVATIONS - 1, issue), queue.add('a', 2, issue)]);
    expect(counts).deep.equal([MAX_RESERVATIONS - 1, 2]);
  });
});
