/** What the log of a channel is made of: one leaf a block, over its header's hash and a tree of its transactions. */
import { frame, sha256 } from '../encoding/digest.js';
import { treeRoot } from './merkle.js';

/** A transaction at its place in a block, valid or not. */
export interface LeafEntry {
  /** 64 hexadecimal digits; empty where the envelope cannot be read or, as in the first block, has none. */
  readonly txId: string;
  /** Fabric's validation code (peer.TxValidationCode); 0 is valid. */
  readonly code: number;
  /** `argumentsDigest` of what was asked of the chaincode: our signed record is in it. Empty where nothing was. */
  readonly asked: Uint8Array;
}

/** A block as the log has it. */
export interface LeafBlock {
  readonly number: number;
  /** SHA-256 of the header: the block's name, over its transactions' bytes. */
  readonly hash: Uint8Array;
  readonly entries: readonly LeafEntry[];
}

/** SHA-256 over a transaction's arguments: its name, and its signed statement as it was sent. */
export const argumentsDigest = (args: readonly Uint8Array[]): Uint8Array => sha256(frame(...args));

/** The data of a leaf in a block's tree of transactions. */
export const entryBytes = ({ txId, code, asked }: LeafEntry): Uint8Array => frame('epione/v1/anchor-entry', txId, code, asked);

/** The data of a block's leaf, from the root of its transactions' tree. */
export const leafBytes = (number: number, hash: Uint8Array, transactions: number, root: Uint8Array): Uint8Array => frame('epione/v1/anchor-block', number, hash, transactions, root);

/** The data of a block's leaf. */
export const leafOf = ({ number, hash, entries }: LeafBlock): Uint8Array => leafBytes(number, hash, entries.length, treeRoot(sha256, entries.map(entryBytes)));
