/** The log of a channel: its blocks as leaves, in their order, so that block n is leaf n and the log's size is the channel's height. */
import { argumentsDigest, leafOf, MerkleLog, sha256, type LeafBlock, type LeafEntry } from '@epione/protocol';
import { peer } from '@hyperledger/fabric-protos';
import type { Block } from '../evidence/block.js';
import { readTransaction } from '../evidence/transaction.js';

const none = new Uint8Array();

function entryOf(envelope: Uint8Array, code: number): LeafEntry {
  try {
    const transaction = readTransaction(envelope);
    const args = transaction.kind === 'endorser' ? transaction.args : [];
    return { txId: transaction.txId, code, asked: args.length === 0 ? none : argumentsDigest(args) };
  } catch {
    // What cannot be read is bound by the header's hash alone.
    return { txId: '', code, asked: none };
  }
}

/** A block as the log has it. The first one has no codes: it is in force by itself. */
export const leafBlock = ({ number, hash, envelopes, validity }: Block): LeafBlock => ({
  number, hash, entries: envelopes.map((envelope, at) => entryOf(envelope, number === 0 ? peer.TxValidationCode.VALID : validity[at] ?? peer.TxValidationCode.NOT_VALIDATED)),
});

/** The log of these blocks, which are numbered from 0. */
export function logOf(blocks: readonly Block[]): MerkleLog {
  const log = new MerkleLog(sha256);
  for (const block of blocks) log.append(leafOf(leafBlock(block)));
  return log;
}
