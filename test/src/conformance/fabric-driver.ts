/** Performs the conformance suite's transactions on a real network, through the gateway of each organization's own peer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPeer, type Network, type PeerConnection } from '@epione/network';

type Contract = ReturnType<ReturnType<PeerConnection['gateway']['getNetwork']>['getContract']>;
type Proposal = ReturnType<Contract['newProposal']>;
type Endorsed = Awaited<ReturnType<Proposal['endorse']>>;
type Status = Awaited<ReturnType<Awaited<ReturnType<Endorsed['submit']>>['getStatus']>>;

/** A transaction of the suite. */
export interface Scripted {
  /** MSP ID of the caller. */
  readonly as: string;
  readonly endorsers: string[];
  readonly transient: Record<string, string>;
  /** JSON list of operations. */
  readonly script: string;
}

/** An endorsed transaction and the chaincode's answer. */
export interface Answered {
  readonly answer: string;
  readonly transaction: Endorsed;
}

/** Names of the validation codes that the suite expects (fabric-protos, TxValidationCode). */
const codeNames: Readonly<Record<number, string>> = { 0: 'VALID', 10: 'ENDORSEMENT_POLICY_FAILURE', 11: 'MVCC_READ_CONFLICT', 12: 'PHANTOM_READ_CONFLICT' };

/** The gateway keeps what a peer said in the details of its error. */
async function withDetails<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { details = [] } = error as { details?: { message: string }[] };
    throw new Error([String(error), ...details.map(({ message }) => message)].join('; '), { cause: error });
  }
}

/** `height` of common.BlockchainInfo, a varint in its first field. */
function heightOf(info: Uint8Array): number {
  let height = 0;
  for (let at = 1, scale = 1; ; at += 1, scale *= 128) {
    const byte = info[at] ?? 0;
    height += (byte & 127) * scale;
    if (byte < 128) return height;
  }
}

export class FabricDriver {
  readonly #channel: string;
  readonly #chaincode: string;
  readonly #peers: ReadonlyMap<string, PeerConnection>;

  constructor(network: Network) {
    this.#channel = network.topology.channel;
    this.#chaincode = network.topology.chaincode;
    this.#peers = new Map(network.organizations.map((organization) => [organization.mspId, connectPeer(organization, 'worker')]));
  }

  #contract(mspId: string, chaincode = this.#chaincode): Contract {
    const peer = this.#peers.get(mspId);
    if (peer === undefined) throw new Error(`no peer of ${mspId}`);
    return peer.gateway.getNetwork(this.#channel).getContract(chaincode);
  }

  #proposal({ as, endorsers, transient, script }: Scripted): Proposal {
    return this.#contract(as).newProposal('perform', { arguments: [script], transientData: transient, endorsingOrganizations: endorsers });
  }

  async endorse(scripted: Scripted): Promise<Answered> {
    const transaction = await withDetails(this.#proposal(scripted).endorse());
    return { answer: Buffer.from(transaction.getResult()).toString(), transaction };
  }

  async read(scripted: Scripted): Promise<string> {
    return Buffer.from(await withDetails(this.#proposal(scripted).evaluate())).toString();
  }

  /** Submits in order and waits until every peer has committed. @returns the names of the validation codes. */
  async submit(endorsed: readonly Answered[]): Promise<string[]> {
    const commits = [];
    for (const { transaction } of endorsed) commits.push(await transaction.submit());
    const statuses: Status[] = await Promise.all(commits.map(async (commit) => commit.getStatus()));
    await this.#seenByAll(Math.max(...statuses.map(({ blockNumber }) => Number(blockNumber))));
    return statuses.map(({ code }) => codeNames[code] ?? String(code));
  }

  async #seenByAll(block: number): Promise<void> {
    for (const mspId of this.#peers.keys()) {
      const contract = this.#contract(mspId, 'qscc');
      const height = async (): Promise<number> => heightOf(await contract.evaluate('GetChainInfo', { arguments: [this.#channel], endorsingOrganizations: [mspId] }));
      while ((await height()) <= block) await sleep(20);
    }
  }

  /** The first events of the chaincode, as `name=payload`. */
  async events(count: number): Promise<string[]> {
    const [peer] = this.#peers.values();
    if (peer === undefined) return [];
    const found: string[] = [];
    using events = await peer.gateway.getNetwork(this.#channel).getChaincodeEvents(this.#chaincode, { startBlock: 0n });
    for await (const { eventName, payload } of events) {
      found.push(`${eventName}=${Buffer.from(payload).toString()}`);
      if (found.length >= count) break;
    }
    return found;
  }

  close(): void {
    for (const peer of this.#peers.values()) peer.close();
  }
}
