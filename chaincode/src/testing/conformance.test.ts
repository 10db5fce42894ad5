/** The conformance suite on the stub; the test package runs the same cases on real Fabric. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Context } from 'fabric-contract-api';
import { expect } from 'chai';
import { StubLedger, type CollectionConfig, type Simulation, type Transaction } from './stub-ledger.js';

/** A transaction of the suite. */
interface Scripted {
  readonly as: string;
  readonly endorsers: string[];
  readonly transient: Record<string, string>;
  readonly script: string;
}

interface Suite {
  readonly cases: { readonly name: string }[];
  readonly collections: (CollectionConfig & { readonly endorsers?: string[] })[];
  readonly events: string[];
  readonly organizations: string[];
  runCase(one: { name: string }, driver: object): Promise<string[]>;
}

const load = createRequire(__filename);
// The suite and its chaincode are not compiled: both sides load the same files.
const folder = join(__dirname, '../../../test/fixtures/conformance-chaincode');
const suite = load(join(folder, 'suite.js')) as Suite;
const { contracts } = load(join(folder, 'index.js')) as { contracts: [new () => { perform(ctx: Context, script: string): Promise<string> }] };
const { policyBytes } = load(join(folder, 'policy.js')) as { policyBytes: (rule: { n: number; of: string[] }) => Uint8Array };
const collections = suite.collections.map(({ endorsers, ...config }) => (endorsers === undefined ? config : { ...config, endorsementPolicy: policyBytes({ n: 1, of: endorsers }) }));

describe('the conformance suite on the stub', () => {
  const ledger = new StubLedger({ organizations: suite.organizations, collections });
  const contract = new contracts[0]();
  const proposal = ({ as, endorsers, transient, script }: Scripted): Parameters<StubLedger['simulate']> => {
    const perform: Transaction = (ctx) => contract.perform(ctx, script);
    return [{ mspId: as }, perform, { endorsers, transient: Object.fromEntries(Object.entries(transient).map(([name, text]) => [name, Buffer.from(text)])) }];
  };
  const driver = {
    endorse: (transaction: Scripted) => ledger.simulate(...proposal(transaction)),
    submit: (endorsed: Simulation[]) => ledger.submit(endorsed),
    read: (transaction: Scripted) => ledger.evaluate(...proposal(transaction)),
  };

  for (const one of suite.cases) {
    it(one.name, async () => {
      expect(await suite.runCase(one, driver)).to.deep.equal([]);
    });
  }

  it('delivered the events of valid transactions', () => {
    expect(ledger.events.map(({ name, payload }) => `${name}=${Buffer.from(payload).toString()}`)).to.deep.equal(suite.events);
  });
});
