/** Every transaction of every contract gives the same bytes on every machine; and the runner catches a chaincode that does not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { contracts } from '../../index.js';
import { runTwice } from './double-run.js';
import { transactionsOf } from './record.js';

const dist = join(__dirname, '..', '..');

describe('the double run', function () {
  this.timeout(180_000);

  it('finds no difference in our contracts, and has seen all their transactions', async () => {
    const specs = readdirSync(dist).filter((name) => name.endsWith('.test.js')).map((name) => join(dist, name));
    const { exercised, differences } = await runTwice([join(__dirname, 'contracts.js'), ...specs]);
    expect(differences).to.deep.equal([]);
    const all = contracts.flatMap((contract) => transactionsOf(contract).map((name) => `${contract.name}:${name}`));
    expect(all.length).to.be.above(20);
    expect(all.filter((name) => !exercised.has(name))).to.deep.equal([]);
  });

  it('catches time, chance, locale, time zone, module state and instance state', async () => {
    const { differences } = await runTwice([join(dist, '..', 'fixtures', 'wayward.cjs')]);
    expect([...new Set(differences.map(({ transaction }) => transaction))]).to.have.members(['chance', 'instance', 'locale', 'module', 'time', 'zone'].map((name) => `Wayward:${name}`));
  });
});
