/** The ledger as typed calls: one method a transaction, one a query, by contract in `contracts/`; and what happens on the channel. */
import type { Evidence } from '../evidence/evidence.js';
import { collectEvidence } from '../evidence/export.js';
import { blockOf, blocks, height, type RawBlock } from './blocks.js';
import { Calls } from './calls.js';
import { accessCalls, type AccessCalls } from './contracts/access.js';
import { anchorCalls, type AnchorCalls } from './contracts/anchor.js';
import { consentCalls, type ConsentCalls } from './contracts/consent.js';
import { detailCalls, type DetailCalls } from './contracts/detail.js';
import { participantCalls, type ParticipantCalls } from './contracts/participant.js';
import { proposalCalls, type ProposalCalls } from './contracts/proposal.js';
import { roundCalls, type RoundCalls } from './contracts/round.js';
import { studyCalls, type StudyCalls } from './contracts/study.js';
import { events, type EventOptions, type LedgerEvent } from './events.js';
import { OfflineTransactions } from './offline.js';
import { submit, type Receipt, type Submitter } from './submit.js';

/** A connection to the channel. Calls that submit return once the statement is committed; all throw `CodedError`. */
export interface Ledger extends Disposable, ParticipantCalls, StudyCalls, ProposalCalls, RoundCalls, ConsentCalls, DetailCalls, AccessCalls, AnchorCalls {
  /** MSP ID of the caller. */
  readonly mspId: string;
  /** Name of the channel. */
  readonly channel: string;
  /** Transactions that are signed elsewhere, step by step. */
  readonly offline: OfflineTransactions;
  /** Submits any transaction of the chaincode that takes one argument: `Contract:transaction`. */
  transact(transaction: string, argument: Uint8Array): Promise<Receipt>;
  /** What happens on the channel, from a position on or from now; goes on by itself when a gateway is lost. */
  events(options?: EventOptions): AsyncGenerator<LedgerEvent, void, undefined>;
  /** Number of blocks of the channel. */
  height(): Promise<number>;
  /** The number of the block that holds a transaction. @throws CodedError UNAVAILABLE when no peer has it yet. */
  blockOf(txId: string): Promise<number>;
  /** Raw blocks from a number on, 0 when left out, up to the height at the start. */
  blocks(from?: number): AsyncGenerator<RawBlock, void, undefined>;
  /** Evidence of the channel up to its present height, for an offline verification. */
  evidence(): Promise<Evidence>;
}

/** The ledger over a way to submit, which is closed with it. */
export function ledgerOver(submitter: Submitter): Ledger {
  const calls = new Calls(submitter);
  const { mspId } = submitter.identity;
  return {
    ...participantCalls(calls), ...studyCalls(calls), ...proposalCalls(calls), ...roundCalls(calls), ...consentCalls(calls), ...detailCalls(calls, mspId), ...accessCalls(calls), ...anchorCalls(calls),
    mspId,
    channel: submitter.channel,
    offline: new OfflineTransactions(submitter),
    transact: async (transaction, argument) => submit(submitter, transaction, argument),
    events: (options = {}) => events(submitter, options),
    height: async () => height(submitter),
    blockOf: async (txId) => blockOf(submitter, txId),
    blocks: (from = 0) => blocks(submitter, from),
    evidence: async () => collectEvidence(submitter),
    [Symbol.dispose]: () => { submitter.gateways[Symbol.dispose](); },
  };
}
