/** What an audit shows of the ledger: the accepted transactions, repeated, from a chain that was verified or, without a trust root, merely read. */
import { peer } from '@hyperledger/fabric-protos';
import { blockDigest, readBlock } from '../evidence/block.js';
import { certificateKey } from '../evidence/organizations.js';
import { readTransaction } from '../evidence/transaction.js';
import { checkedHistory, type CheckedHistory } from '../verify/checked-history.js';
import type { Chain } from '../verify/chain/chain.js';
import type { PlacedTransaction } from '../verify/chain/validity.js';
import { repeatHistory } from '../verify/replay/history.js';
import { Report } from '../verify/report.js';
import type { Source } from './source.js';

/** The ledger's content and how far it is to be believed. */
export interface History extends CheckedHistory {
  /** True when the chain was checked against a trust root. */
  readonly verified: boolean;
}

/** Takes validity as the peer recorded it. */
function readChain({ evidence }: Source): Chain {
  const blocks = evidence.blocks.map(readBlock);
  const all = blocks.flatMap((block) => block.envelopes.flatMap((bytes, index): PlacedTransaction[] => {
    const transaction = readTransaction(bytes);
    return transaction.kind === 'endorser' ? [{ ...transaction, block: block.number, code: block.validity[index] ?? peer.TxValidationCode.NOT_VALIDATED }] : [];
  }));
  const valid = all.filter(({ code }) => code === peer.TxValidationCode.VALID).map((transaction) => ({ ...transaction, creatorKey: certificateKey(transaction.creator) }));
  return { blocks, valid, all, commitHashes: [] };
}

/** Reads the ledger from its source. @throws CodedError EVIDENCE_INCOMPLETE when a chain does not stand up to its trust root. */
export function readHistory(source: Source): History {
  const { evidence, trustRoot, chaincode } = source;
  if (trustRoot !== undefined) return { ...checkedHistory(evidence, trustRoot, chaincode), verified: true };
  const [genesis] = evidence.blocks;
  const chain = readChain(source);
  return { chain, ledger: repeatHistory(chain, chaincode, new Report(genesis === undefined ? '' : blockDigest(readBlock(genesis)))), verified: false };
}
