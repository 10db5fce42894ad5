/** Takes one transaction from proposal to commit, through lost answers, conflicts and failing gateways, never twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Status, Transaction } from '@hyperledger/fabric-gateway';
import { gateway as gatewayMessages, msp } from '@hyperledger/fabric-protos';
import { CodedError } from '@epione/protocol';
import { conflicts, isDisagreement, isTrouble, statusName, toCodedError } from './faults.js';
import type { GatewayConnection, Gateways, Identity, Timeouts } from './gateways.js';

/** Where a transaction stands on the ledger. */
export interface Receipt {
  readonly txId: string;
  readonly block: number;
  /** What the chaincode answered. */
  readonly result: Uint8Array;
}

/** What a submission needs beside its statement. */
export interface Submitter {
  readonly gateways: Gateways;
  readonly identity: Identity;
  readonly channel: string;
  readonly chaincode: string;
  readonly timeouts: Timeouts;
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number;
  /** 0 <= x < 1, for jitter. */
  readonly random: () => number;
}

/** Data that travel beside a proposal to the endorsers who may see them, and stand in no block. */
export type Transient = Readonly<Record<string, Uint8Array>>;

/** A conflict is tried anew this often; with jitter that doubles, all writers of one round fit in. */
const attempts = 8;
const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** How long one gateway is asked for the commit status before the same transaction is sent through the next, ms. */
const askMs = 12_000;
/** The same after a failed submit: committed transactions are known at once, lost ones never. */
const askAfterFailureMs = 3_000;

/** Full jitter: anywhere up to a bound that doubles. */
export const pauseMs = (attempt: number, random: () => number): number => Math.ceil(random() * Math.min(longestPauseMs, firstPauseMs * 2 ** attempt));

/** The question what became of a transaction of which only the ID is known, for the gateway's `newCommit`; not signed yet. */
export function commitRequest(submitter: Submitter, txId: string): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(submitter.identity.mspId);
  creator.setIdBytes(submitter.identity.certificatePem);
  const request = new gatewayMessages.CommitStatusRequest();
  request.setChannelId(submitter.channel);
  request.setTransactionId(txId);
  request.setIdentity(creator.serializeBinary());
  const signed = new gatewayMessages.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return signed.serializeBinary();
}

/** The error as trouble; what is the ledger's own answer is thrown. */
function troubleOf(error: unknown): CodedError {
  const coded = toCodedError(error);
  if (!isTrouble(coded)) throw coded;
  return coded;
}

/**
 * Hands an endorsed transaction to the orderers and waits for its commit. A failed submit may have been ordered all the same
 * (orderers answer "already processed"), so the status is asked before anything else; then the same signed transaction is
 * sent again through the next gateway, because its ID is committed once at most.
 */
async function settle(submitter: Submitter, first: GatewayConnection, transaction: Transaction): Promise<Status> {
  const { gateways, now } = submitter;
  const txId = transaction.getTransactionId();
  const signature = await submitter.identity.signer(transaction.getDigest());
  const ways = [first, ...gateways.order().filter((connection) => connection !== first)];
  const deadline = now() + submitter.timeouts.commitMs;
  const troubles: string[] = [];
  for (let turn = 0; turn === 0 || now() < deadline; turn++) {
    const way = ways[turn % ways.length] ?? first;
    let within = askMs;
    await way.gateway.newSignedTransaction(transaction.getBytes(), signature).submit().catch((error: unknown) => {
      troubles.push(troubleOf(error).message);
      within = askAfterFailureMs;
    });
    try {
      return await way.gateway.newCommit(commitRequest(submitter, txId)).getStatus({ deadline: now() + Math.min(within, submitter.timeouts.commitMs) });
    } catch (error) {
      troubles.push(troubleOf(error).message);
      gateways.failed(way);
    }
    await sleep(pauseMs(turn, submitter.random));
  }
  throw new CodedError('UNAVAILABLE', `whether transaction ${txId} is committed is unknown: ${troubles.join(' | ')}`);
}

/** One proposal, endorsed by the first gateway that can, and settled. */
async function once(submitter: Submitter, name: string, argument: Uint8Array, transient: Transient): Promise<{ status: Status; result: Uint8Array }> {
  const endorsed = await submitter.gateways.first(async (connection) => {
    const contract = connection.gateway.getNetwork(submitter.channel).getContract(submitter.chaincode);
    return { connection, transaction: await contract.newProposal(name, { arguments: [argument], transientData: transient }).endorse() };
  });
  return { status: await settle(submitter, endorsed.connection, endorsed.transaction), result: endorsed.transaction.getResult() };
}

/**
 * Submits a transaction with one argument and waits until it is committed. A conflict is tried anew with the same argument.
 * @param name `Contract:transaction`.
 * @throws CodedError the chaincode's code; CONFLICT when other writers won every time; NOT_AUTHORISED; UNAVAILABLE.
 */
export async function submit(submitter: Submitter, name: string, argument: Uint8Array, transient: Transient = {}): Promise<Receipt> {
  for (let attempt = 0; ; attempt++) {
    const last = attempt + 1 >= attempts;
    try {
      const { status, result } = await once(submitter, name, argument, transient);
      if (status.successful) return { txId: status.transactionId, block: Number(status.blockNumber), result };
      if (!conflicts.has(status.code)) throw new CodedError('UNAVAILABLE', `the ledger refused transaction ${status.transactionId}: ${statusName(status.code)}`);
      if (last) throw new CodedError('CONFLICT', `${name} met other writers ${attempts} times, at last ${statusName(status.code)}`);
    } catch (error) {
      if (last || !(error instanceof Error) || !isDisagreement(error.cause)) throw toCodedError(error);
    }
    await sleep(pauseMs(attempt, submitter.random));
  }
}

/** Asks a question of the ledger, through the first gateway that can answer. @throws CodedError as `submit`. */
export async function evaluate(submitter: Submitter, chaincode: string, name: string, ...parameters: (string | Uint8Array)[]): Promise<Uint8Array> {
  return submitter.gateways.first(({ gateway }) => gateway.getNetwork(submitter.channel).getContract(chaincode).evaluate(name, { arguments: parameters }));
}
