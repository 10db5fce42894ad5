/** The conformance suite on the stub; the test package runs the same cases on real Fabric. */
import { expect } from 'chai';
import { StubDriver, suite } from './stub-driver.js';

describe('the conformance suite on the stub', () => {
  const driver = new StubDriver();

  for (const one of suite.cases) {
    it(one.name, async () => {
      expect(await suite.runCase(one, driver)).to.deep.equal([]);
    });
  }

  it('delivered the events of valid transactions', () => {
    expect(driver.ledger.events.map(({ name, payload }) => `${name}=${Buffer.from(payload).toString()}`)).to.deep.equal(suite.events);
  });
});
