/** Ports: distinct, free, and the configured ones kept. */
import { createServer } from 'node:net';
import { expect } from 'chai';
import { choosePorts, isFree } from './ports.js';
import { parseTopology, portNames } from './topology.js';

const topology = parseTopology({
  organizations: [{ mspId: 'A', ports: { peer: 15051, orderer: 15050 } }, { mspId: 'B' }, { mspId: 'C' }, { mspId: 'D' }],
});

describe('ports', function () {
  // A loaded machine is slow, which is no fault of the code.
  this.timeout(120_000);
  it('keeps configured ports and chooses distinct free ones for the rest', async () => {
    const chosen = await choosePorts('seed', topology);
    expect(chosen[0]).to.include({ peer: 15051, orderer: 15050 });
    const all = chosen.flatMap((ports) => Object.values(ports));
    expect(all).to.have.length(4 * portNames.length);
    expect(new Set(all).size).to.equal(all.length);
  });

  it('skips what is taken', async () => {
    const [, second] = await choosePorts('seed', topology);
    const taken = second?.peer ?? 0;
    const server = createServer();
    await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: taken }, done));
    try {
      expect(await isFree(taken)).to.equal(false);
      const again = await choosePorts('seed', topology);
      expect(again.flatMap((ports) => Object.values(ports))).not.to.include(taken);
    } finally {
      await new Promise((done) => server.close(done));
    }
    expect(await isFree(taken)).to.equal(true);
  });
});
