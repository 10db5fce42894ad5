/** Loaded into a mocha process before its tests: writes down what each simulated transaction read, wrote, announced and answered. */
import { writeFileSync } from 'node:fs';
import type { Context, Contract } from 'fabric-contract-api';
import 'reflect-metadata';
import { payloadOf, StubLedger, type Simulation } from '../stub-ledger.js';

/** One transaction of a test: `Contract:transaction` and its outcome as text. */
export interface Recorded {
  readonly transaction: string;
  readonly outcome: string;
}

/** Transactions by the title of their test. */
export type Recording = Record<string, (Recorded | null)[]>;

/** File to which the recording goes, how far the process's clock is ahead (ms), and whether tests run from last to first. */
const { EPIONE_RECORDING: file = '', EPIONE_CLOCK_OFFSET_MS: offset = '0', EPIONE_REVERSED: reversed } = process.env;

const recording: Recording = {};
const names = new WeakMap<Context, string>();
let test = '';

// Chaincode may ask for the time: then it gets another one in each run.
// eslint-disable-next-line no-restricted-properties -- this is the clock that is moved
const { now } = Date;
const later = (): number => now() + Number(offset);
globalThis.Date = new Proxy(Date, {
  construct: (date, given: unknown[]) => Reflect.construct(date, given.length === 0 ? [later()] : given) as object,
  get: (date, name) => (name === 'now' ? later : (Reflect.get(date, name) as unknown)),
});

/** The transactions that a contract exposes: the decorated ones, or all methods where none is. */
export function transactionsOf(contract: { readonly prototype: object }): string[] {
  const decorated = Reflect.getMetadata('fabric:transactions', contract.prototype) as { readonly name: string }[] | undefined;
  return (decorated?.map(({ name }) => name) ?? Object.getOwnPropertyNames(contract.prototype)).filter((name) => name !== 'constructor');
}

/** Makes a contract's transactions tell their names. */
export function named(contract: new () => Contract): void {
  const methods = contract.prototype as Record<string, (ctx: Context, ...args: unknown[]) => unknown>;
  for (const name of transactionsOf(contract)) {
    const method = methods[name];
    if (method === undefined) continue;
    methods[name] = function (this: unknown, ctx, ...args) {
      if (!names.has(ctx)) names.set(ctx, `${contract.name}:${name}`);
      return method.call(this, ctx, ...args);
    };
  }
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its ledger below
const { simulate } = StubLedger.prototype;
StubLedger.prototype.simulate = async function (caller, transaction, proposal): Promise<Simulation> {
  const list = (recording[test] ??= []);
  // Its place is that of its start: transactions may be simulated at the same time.
  const at = list.push(null) - 1;
  let context: Context | undefined;
  const note = (outcome: string): void => {
    list[at] = { transaction: (context && names.get(context)) ?? 'none', outcome };
  };
  try {
    const simulation = await simulate.call(this, caller, (ctx) => transaction((context = ctx)), proposal);
    note(payloadOf(simulation));
    return simulation;
  } catch (error) {
    note(`refused: ${String(error)}`);
    throw error;
  }
};

function reverse(suite: Mocha.Suite): void {
  suite.tests.reverse();
  suite.suites.reverse();
  suite.suites.forEach(reverse);
}

/** Mocha's own: each test's title names its transactions. */
export const mochaHooks = {
  beforeAll(this: Mocha.Context): void {
    if (reversed !== undefined && this.test?.parent !== undefined) reverse(this.test.parent);
  },
  beforeEach(this: Mocha.Context): void {
    test = this.currentTest?.fullTitle() ?? '';
  },
  afterAll(): void {
    writeFileSync(file, JSON.stringify(recording));
  },
};
