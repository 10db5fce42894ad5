/** The lock of a state folder: one at a time, and taken over from the dead. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { withLock } from './lock.js';

describe('lock', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'epione-lock-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it('lets one work after the other, and leaves nothing', async () => {
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      order.push(`${name} begins`);
      await sleep(20);
      order.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map(async (name) => withLock(dir, work(name))));
    for (let index = 0; index < order.length; index += 2) expect(order[index + 1]).to.equal(order[index]?.replace('begins', 'ends'));
    expect(readdirSync(dir)).to.deep.equal([]);
  });

  it('is released when the work throws', async () => {
    expect(await withLock(dir, async () => Promise.reject(new Error('no'))).catch((error: unknown) => String(error))).to.equal('Error: no');
    expect(await withLock(dir, async () => Promise.resolve(7))).to.equal(7);
  });

  it('is taken over from a process that is gone, or whose pid another has', async () => {
    for (const holder of [{ pid: 2 ** 22 + 1, startedAt: '1' }, { pid: process.pid, startedAt: 'another time' }]) {
      writeFileSync(join(dir, 'lock'), JSON.stringify(holder));
      expect(await withLock(dir, async () => Promise.resolve('mine'))).to.equal('mine');
    }
  });
});
