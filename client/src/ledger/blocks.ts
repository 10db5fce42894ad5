/** Height and raw blocks of the channel, by Fabric's query system chaincode. */
import { common } from '@hyperledger/fabric-protos';
import { evaluate, type Submitter } from './submit.js';

const queries = 'qscc';

/** A block as a peer gave it. */
export interface RawBlock {
  readonly number: number;
  /** A serialized `common.Block`. */
  readonly bytes: Uint8Array;
}

/** Number of blocks of the channel. @throws CodedError as `evaluate`. */
export async function height(submitter: Submitter): Promise<number> {
  const answer = await evaluate(submitter, queries, 'GetChainInfo', submitter.channel);
  return common.BlockchainInfo.deserializeBinary(answer).getHeight();
}

/** The number of the block that holds a transaction. @throws CodedError UNAVAILABLE when no peer has it yet. */
export async function blockOf(submitter: Submitter, txId: string): Promise<number> {
  const answer = await evaluate(submitter, queries, 'GetBlockByTxID', submitter.channel, txId);
  return common.Block.deserializeBinary(answer).getHeader()?.getNumber() ?? 0;
}

/** Raw blocks from a number on, up to the height at the start. @throws CodedError as `evaluate`. */
export async function* blocks(submitter: Submitter, from: number): AsyncGenerator<RawBlock, void, undefined> {
  const end = await height(submitter);
  for (let number = from; number < end; number++) {
    yield { number, bytes: await evaluate(submitter, queries, 'GetBlockByNumber', submitter.channel, String(number)) };
  }
}
