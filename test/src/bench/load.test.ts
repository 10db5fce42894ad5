/** The closed loop that loads the ledger. */
import { expect } from 'chai';
import { load } from './load.js';

describe('a load', () => {
  it('keeps the number in flight and carries out every job once', async () => {
    let flying = 0;
    let most = 0;
    const done: number[] = [];
    const jobs = Array.from({ length: 20 }, (_, index) => async () => {
      most = Math.max(most, ++flying);
      await Promise.resolve();
      flying -= 1;
      done.push(index);
    });
    const { count } = await load(jobs, 4);
    expect({ count, most, done: done.length }).to.deep.equal({ count: 20, most: 4, done: 20 });
    expect(new Set(done).size).to.equal(20);
  });

  it('tells throughput and percentiles from its clock', async () => {
    let time = 0;
    const jobs = Array.from({ length: 10 }, (_, index) => () => {
      time += index + 1;
      return Promise.resolve();
    });
    const { throughput, p50, p99 } = await load(jobs, 1, () => time);
    expect(p50).to.equal(5);
    expect(p99).to.equal(10);
    expect(throughput).to.be.closeTo(10_000 / 55, 1e-9);
  });

  it('fails when a job fails', async () => {
    const failed = await load([() => Promise.reject(new Error('refused'))], 1).then(() => 'done', String);
    expect(failed).to.equal('Error: refused');
  });
});
