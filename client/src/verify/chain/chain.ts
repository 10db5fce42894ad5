/** The chain: blocks from the pinned first one on, signed by orderers, each transaction endorsed, the state replayed, the head agreed. */
import { readBlock, type Block } from '../../evidence/block.js';
import type { Evidence } from '../../evidence/evidence.js';
import type { TrustRoot } from '../../evidence/trust-root.js';
import type { Report } from '../report.js';
import { checkTrustRoot } from './genesis.js';
import { checkHeaders } from './headers.js';
import { checkHeads } from './heads.js';
import { replay, type Replayed } from './validity.js';

/** What the chain says once its checks have passed. */
export interface Chain extends Replayed {
  readonly blocks: readonly Block[];
}

function read(bytes: Uint8Array, number: number, report: Report): Block {
  try {
    return readBlock(bytes);
  } catch (cause) {
    return report.broken('chain.headers', `block ${number}`, `cannot be read: ${String(cause)}`);
  }
}

/** Checks `trust.root`, `chain.headers` and `chain.validity`. @throws Broken when one of them fails. */
export function verifyChain(evidence: Evidence, trustRoot: TrustRoot, report: Report): Chain {
  const [first] = evidence.blocks;
  if (first === undefined) return report.broken('trust.root', trustRoot.genesis, 'the evidence holds no block');
  const genesis = checkTrustRoot(read(first, 0, report), evidence, trustRoot, report);
  const blocks = evidence.blocks.map((bytes, number) => read(bytes, number, report));
  const inForce = checkHeaders(blocks, genesis, trustRoot.channel, report);
  const replayed = replay(blocks, inForce, trustRoot.channel, report);
  checkHeads(evidence.heads, blocks, replayed.commitHashes, inForce[blocks.length] ?? genesis, report);
  report.pass('chain.validity', `${replayed.valid.length} valid of ${replayed.all.length} transactions`);
  return { blocks, ...replayed };
}
