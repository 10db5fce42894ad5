/** CPU time and memory as read from /proc. */
import { expect } from 'chai';
import { cpuMs, cpuMsOf, cpuPer, residentBytes } from './resources.js';

describe('resources of processes', () => {
  it('reads CPU time after a name that holds anything', () => {
    expect(cpuMsOf('42 (a) b) (c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 11 0 100')).to.equal(3000);
  });

  it('sums over kinds and divides by transactions', () => {
    expect(cpuPer(10, { peer: 100, orderer: 50 }, { peer: 180, orderer: 90 })).to.deep.equal({ peer: 8, orderer: 4, total: 12 });
  });

  it('reads a process that runs', () => {
    expect(cpuMs(process.pid)).to.be.at.least(0);
    expect(residentBytes(process.pid)).to.be.above(1_000_000);
  });
});
