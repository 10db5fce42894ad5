/** The conformance suite on real Fabric: the same cases that the chaincode's stub passes in chaincode/src/testing. */
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { clean, deploy, parseTopology, up } from '@epione/network';
import { FabricDriver } from './fabric-driver.js';

interface Suite {
  readonly cases: { readonly name: string }[];
  readonly events: string[];
  readonly organizations: string[];
  runCase(one: { name: string }, driver: FabricDriver): Promise<string[]>;
}

const minutes = 60_000;
const path = fileURLToPath(new URL('../../fixtures/conformance-chaincode', import.meta.url));
const suite = createRequire(import.meta.url)(join(path, 'suite.js')) as Suite;

describe('the conformance suite on real Fabric', function () {
  this.timeout(3 * minutes);
  const stateDir = mkdtempSync(join(tmpdir(), 'epione-conformance-'));
  // One Raft orderer keeps the order in which transactions are submitted; the rules of commit do not depend on the orderer.
  const topology = parseTopology({ consensus: 'raft', organizations: suite.organizations.map((mspId) => ({ mspId })) });
  let driver: FabricDriver;

  before(async () => {
    const { network } = await up({ stateDir, topology });
    await deploy({ stateDir, topology, path, collectionsFile: join(path, 'collections.json') });
    driver = new FabricDriver(network);
  });

  after(async () => {
    driver.close();
    await clean({ stateDir, confirm: true });
  });

  for (const one of suite.cases) {
    it(one.name, async () => {
      expect(await suite.runCase(one, driver)).to.deep.equal([]);
    });
  }

  it('delivered the events of valid transactions', async () => {
    expect(await driver.events(suite.events.length)).to.deep.equal(suite.events);
  });
});
