/** A channel in memory for unit tests of chaincode: fabric-shim's own stub on peers that simulate, validate and commit as Fabric's do. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Context } from 'fabric-contract-api';
import { ChaincodeStub, ClientIdentity } from 'fabric-shim';
import { collectionsOf, type CollectionConfig } from './stub/collections.js';
import { majorityOf, signaturePolicy } from './stub/endorsement-policy.js';
import type { ReadWriteSet } from './stub/read-write-set.js';
import { asPeer, Simulator } from './stub/simulator.js';
import { commitBlock, type Channel, type Endorsed, type ValidationCode } from './stub/validator.js';
import { WorldState } from './stub/world-state.js';

export type { CollectionConfig, ReadWriteSet, ValidationCode };

/** Who calls, as a certificate would say it. */
export interface Caller {
  readonly mspId: string;
  /** The certificate's attribute `role`, `worker` by default. */
  readonly role?: string;
  /** Organization whose certificate of the fixtures is shown; the caller's own by default. */
  readonly certificateOf?: string;
}

/** What may differ from one proposal to the next. */
export interface Proposal {
  /** Private input that does not enter the transaction. */
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  /** Organizations whose peers simulate and endorse, each for itself; by default one simulation that all endorse. */
  readonly endorsers?: readonly string[];
  /** ms since 1970 UTC that the client states; the peers' `now` by default. */
  readonly timestamp?: number;
}

/** A chaincode event: one a transaction, the last one set. */
export interface StubEvent {
  readonly name: string;
  readonly payload: Uint8Array;
}

/** What one simulated and endorsed transaction read, wrote, announced and answered. */
export interface Simulation extends Endorsed {
  readonly answer: string;
  readonly event: StubEvent | undefined;
}

export interface StubOptions {
  /** MSP IDs of the channel's organizations, each with one peer. */
  readonly organizations: readonly string[];
  readonly collections?: readonly CollectionConfig[];
  /** The chaincode's endorsement policy as SignaturePolicyEnvelope; a majority of organizations by default. */
  readonly policy?: Uint8Array;
  /** Rows that one query gives at most, 100000 by default. */
  readonly totalQueryLimit?: number;
}

export type Transaction = (ctx: Context) => Promise<string>;

/** A peer refuses proposals whose time is further away from its own (peer.authentication.timewindow), ms. */
const timeWindowMs = 15 * 60_000;

/** The PEM certificate of an organization of the fixtures. */
export const certificateOf = (organization: string): Buffer => readFileSync(join(__dirname, '..', '..', 'fixtures', `${organization}.pem`));

export class StubLedger {
  readonly #channel: Channel;
  readonly #totalQueryLimit: number;
  readonly #committed = new Set<string>();
  #proposals = 0;
  /** The peers' clock, ms since 1970 UTC. */
  now = 1_800_000_000_000;
  /** Number of the last block. */
  height = 0;
  /** Events of all valid transactions, oldest first. */
  readonly events: (StubEvent & { readonly txId: string; readonly block: number })[] = [];

  constructor({ organizations, collections = [], policy, totalQueryLimit = 100_000 }: StubOptions) {
    this.#channel = {
      state: new WorldState(),
      organizations,
      collections: collectionsOf(organizations, collections),
      policy: policy === undefined ? majorityOf(organizations) : signaturePolicy(policy),
    };
    this.#totalQueryLimit = totalQueryLimit;
  }

  /** Simulates a transaction and has it endorsed. @throws what the chaincode throws, and Error if endorsers disagree. */
  async simulate(caller: Caller, transaction: Transaction, proposal: Proposal = {}): Promise<Simulation> {
    this.#proposals += 1;
    const { organizations } = this.#channel;
    const time = proposal.timestamp ?? this.now;
    if (Math.abs(time - this.now) > timeWindowMs) throw new Error('request unauthorized due to incorrect timestamp');
    const txId = createHash('sha256').update(String(this.#proposals)).digest('hex');
    const own = organizations.includes(caller.mspId) ? caller.mspId : (organizations[0] ?? '');
    const [first, ...others] = await inTurn(proposal.endorsers ?? [own], (peer) => this.#on(peer, caller, transaction, proposal.transient ?? {}, txId, time));
    if (first === undefined) throw new Error('a proposal needs an endorser');
    if (others.some((other) => payloadOf(other) !== payloadOf(first))) throw new Error('ProposalResponsePayloads do not match');
    return { ...first, endorsers: proposal.endorsers ?? organizations };
  }

  async #on(peer: string, caller: Caller, transaction: Transaction, transient: Readonly<Record<string, Uint8Array>>, txId: string, time: number): Promise<Omit<Simulation, 'endorsers'>> {
    const { state, collections } = this.#channel;
    const simulator = new Simulator({ state, peer, creator: caller.mspId, collections, totalQueryLimit: this.#totalQueryLimit });
    const stub = stubOn(simulator, caller, transient, txId, time);
    const answer = await transaction(contextOf(stub, caller));
    return { txId, time, answer, readWriteSet: simulator.result(), event: eventOf(stub) };
  }

  /** Commits simulations as one block, in this order. @returns their validation codes. */
  submit(simulations: readonly Simulation[]): ValidationCode[] {
    this.height += 1;
    const codes = commitBlock(this.#channel, this.height, simulations, this.#committed);
    simulations.forEach(({ txId, event }, index) => {
      this.#committed.add(txId);
      if (codes[index] === 'VALID' && event !== undefined) this.events.push({ ...event, txId, block: this.height });
    });
    return codes;
  }

  /** Simulates and commits in a block of its own, 10 ms later. @throws as `simulate`; Error with the validation code if invalid. */
  async run(caller: Caller, transaction: Transaction, proposal: Proposal = {}): Promise<string> {
    const simulation = await this.simulate(caller, transaction, proposal);
    const [code] = this.submit([simulation]);
    if (code !== 'VALID') throw new Error(code);
    this.now += 10;
    return simulation.answer;
  }

  /** Simulates only. @throws as `simulate`. */
  async evaluate(caller: Caller, transaction: Transaction, proposal: Proposal = {}): Promise<string> {
    return (await this.simulate(caller, transaction, proposal)).answer;
  }
}

async function inTurn<In, Out>(inputs: readonly In[], each: (input: In) => Promise<Out>): Promise<Out[]> {
  const outputs: Out[] = [];
  for (const input of inputs) outputs.push(await each(input));
  return outputs;
}

/** What endorsers sign, as text: equal texts for equal results. */
export const payloadOf = ({ answer, readWriteSet, event }: Omit<Simulation, 'endorsers'>): string =>
  JSON.stringify({ answer, readWriteSet, event: event === undefined ? null : { name: event.name, payload: Buffer.from(event.payload).toString('base64') } });

/** The shim's stub without its connection: the parts that it would read from a signed proposal are set here. */
function stubOn(simulator: Simulator, caller: Caller, transient: Readonly<Record<string, Uint8Array>>, txId: string, time: number): ChaincodeStub {
  const Stub = ChaincodeStub as unknown as new (peer: object, channel: string, txId: string, input: { getArgsList_asU8(): Uint8Array[] }) => ChaincodeStub;
  const seconds = Math.floor(time / 1000);
  return Object.assign(new Stub(asPeer(simulator), 'epione', txId, { getArgsList_asU8: () => [] }), {
    creator: { mspid: caller.mspId, idBytes: certificateOf(caller.certificateOf ?? caller.mspId) },
    transientMap: new Map(Object.entries(transient).map(([name, value]) => [name, Buffer.from(value)])),
    txTimestamp: { getSeconds: () => seconds, getNanos: () => (time - seconds * 1000) * 1_000_000, toDate: () => new Date(time) },
    binding: createHash('sha256').update(txId).digest('hex'),
  });
}

function contextOf(stub: ChaincodeStub, caller: Caller): Context {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const identity = Object.assign(new ClientIdentity(stub), { attrs: { role: caller.role ?? 'worker' } });
  return Object.assign(new Context(), { stub, clientIdentity: identity, logging: { setLevel: () => undefined, getLogger: () => quiet } });
}

function eventOf(stub: ChaincodeStub): StubEvent | undefined {
  const { chaincodeEvent } = stub as unknown as { chaincodeEvent?: { getEventName(): string; getPayload_asU8(): Uint8Array } };
  return chaincodeEvent === undefined ? undefined : { name: chaincodeEvent.getEventName(), payload: Buffer.from(chaincodeEvent.getPayload_asU8()) };
}
