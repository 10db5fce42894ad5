/** Proofs that a transaction is in an anchored history: one file, checked without the chain and without a network. */
import {
  argumentsDigest, CodedError, entryBytes, fromHex, leafBytes, MerkleLog, parse, readLogProof, rootFromPath, sha256, toHex, writeLogProof, type LeafEntry,
} from '@epione/protocol';
import { z } from 'zod';
import { sameBytes } from '../evidence/bytes.js';
import type { Block } from '../evidence/block.js';
import { readTransaction } from '../evidence/transaction.js';
import { leafBlock, logOf } from './block-log.js';
import { judgeNote, type Cosigners } from './cosigners.js';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const base64 = z.base64().max(512 * 1024).transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64')));

/** What a leaf is made of, and the transaction's place in it. */
const inside = z.strictObject({
  block: z.int().min(0), hash: hex32, transactions: z.int().min(1), index: z.int().min(0), path: z.array(hex32).max(64),
  txId: hex32, code: z.int().min(0).max(255), arguments: z.array(base64).max(16),
});

/** What a proof shows. */
export interface ProvenTransaction {
  readonly txId: string;
  readonly block: number;
  /** Fabric's validation code; 0 is valid. */
  readonly code: number;
  /** Name of the transaction, and its arguments as they were sent: a signed statement. */
  readonly arguments: readonly Uint8Array[];
  /** Blocks of the checkpoint. */
  readonly size: number;
  readonly signers: readonly string[];
}

const incomplete = (sentence: string): never => {
  throw new CodedError('EVIDENCE_INCOMPLETE', sentence);
};

function readJsonBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new CodedError('NOT_CANONICAL', 'the proof\'s extra data are no JSON', { cause });
  }
}

/**
 * A proof of a transaction (`.tlog-proof` of C2SP).
 * @param note a checkpoint of this chain that covers the transaction's block.
 * @param size the checkpoint's.
 * @throws CodedError EVIDENCE_INCOMPLETE where the transaction is not in the checkpoint's blocks.
 */
export function proveTransaction(blocks: readonly Block[], txId: string, note: string, size: number): string {
  for (const block of blocks.slice(0, size)) {
    const leaf = leafBlock(block);
    const index = leaf.entries.findIndex((entry) => entry.txId === txId);
    const entry = leaf.entries[index];
    if (entry === undefined) continue;
    const tree = new MerkleLog(sha256);
    for (const one of leaf.entries) tree.append(entryBytes(one));
    const transaction = readTransaction(block.envelopes[index] as Uint8Array);
    const args = transaction.kind === 'endorser' ? transaction.args : [];
    const extra = {
      block: block.number, hash: toHex(block.hash), transactions: leaf.entries.length, index, path: tree.path(index).map(toHex),
      txId, code: entry.code, arguments: args.map((bytes) => Buffer.from(bytes).toString('base64')),
    };
    return writeLogProof({ extra: Buffer.from(JSON.stringify(extra)), index: block.number, path: logOf(blocks).path(block.number, size), note });
  }
  return incomplete(`transaction ${txId} is not in the first ${size} blocks`);
}

/**
 * Checks a proof by itself: the transaction in its block, the block in the log, the log's root cosigned by enough.
 * @throws CodedError NOT_CANONICAL, BAD_FIELD, BAD_SIGNATURE; EVIDENCE_INCOMPLETE where it proves nothing.
 */
export function checkTransactionProof(text: string, cosigners: Cosigners): ProvenTransaction {
  const { extra, index: place, path: up, note } = readLogProof(text);
  const fields = parse(inside, readJsonBytes(extra), 'proof');
  const { block, hash, transactions, index, path, txId, code } = fields;
  const { checkpoint, signers } = judgeNote(note, cosigners);
  const entry: LeafEntry = { txId, code, asked: fields.arguments.length === 0 ? new Uint8Array() : argumentsDigest(fields.arguments) };
  const inner = rootFromPath(sha256, entryBytes(entry), index, transactions, path.map(fromHex)) ?? incomplete('the transaction is at no place of its block');
  const root = rootFromPath(sha256, leafBytes(block, fromHex(hash), transactions, inner), place, checkpoint.size, up);
  if (place !== block || root === undefined || !sameBytes(root, checkpoint.root)) incomplete('the proof does not lead to the checkpoint\'s root');
  if (signers.length < cosigners.minimum) incomplete(`${signers.length} of the cosigners signed the checkpoint, ${cosigners.minimum} are needed`);
  return { txId, block, code, arguments: fields.arguments, size: checkpoint.size, signers };
}
