/** The conformance suite's files, and what performs its transactions on a stub ledger. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Context } from 'fabric-contract-api';
import { StubLedger, type CollectionConfig, type Simulation, type Transaction } from '../stub-ledger.js';

/** A transaction of the suite. */
export interface Scripted {
  readonly as: string;
  readonly endorsers: readonly string[];
  readonly transient: Readonly<Record<string, string>>;
  /** JSON list of operations. */
  readonly script: string;
}

interface Suite {
  readonly cases: { readonly name: string }[];
  readonly collections: (CollectionConfig & { readonly endorsers?: string[] })[];
  readonly events: string[];
  readonly organizations: string[];
  runCase(one: { name: string }, driver: StubDriver): Promise<string[]>;
}

const load = createRequire(__filename);
/** The suite and its chaincode are not compiled: the stub and the real network load the same files. */
export const folder = join(__dirname, '../../../../test/fixtures/conformance-chaincode');
export const suite = load(join(folder, 'suite.js')) as Suite;
const { contracts } = load(join(folder, 'index.js')) as { contracts: [new () => { perform(ctx: Context, script: string): Promise<string> }] };
const { policyBytes } = load(join(folder, 'policy.js')) as { policyBytes: (rule: { n: number; of: string[] }) => Uint8Array };

const collections = suite.collections.map(({ endorsers, ...config }) => (endorsers === undefined ? config : { ...config, endorsementPolicy: policyBytes({ n: 1, of: endorsers }) }));

/** The suite's ledger on the stub. */
export class StubDriver {
  readonly ledger = new StubLedger({ organizations: suite.organizations, collections });
  readonly #contract = new contracts[0]();

  #proposal({ as, endorsers, transient, script }: Scripted): Parameters<StubLedger['simulate']> {
    const perform: Transaction = (ctx) => this.#contract.perform(ctx, script);
    return [{ mspId: as }, perform, { endorsers, transient: Object.fromEntries(Object.entries(transient).map(([name, text]) => [name, Buffer.from(text)])) }];
  }

  endorse(transaction: Scripted): Promise<Simulation> {
    return this.ledger.simulate(...this.#proposal(transaction));
  }

  submit(endorsed: readonly Simulation[]): string[] {
    return this.ledger.submit(endorsed);
  }

  read(transaction: Scripted): Promise<string> {
    return this.ledger.evaluate(...this.#proposal(transaction));
  }
}
