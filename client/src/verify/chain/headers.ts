/** Each block follows the one before, holds the data it says, and is signed by a quorum of orderers. */
import { dataHashOf, type Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import { ordererSignatures } from '../../evidence/orderer-signatures.js';
import type { Organizations } from '../../evidence/organizations.js';
import type { TrustRoot } from '../../evidence/trust-root.js';
import type { Report } from '../report.js';

/** Check `chain.headers`. @throws Broken. */
export function checkHeaders(blocks: readonly Block[], trustRoot: TrustRoot, organizations: Organizations, report: Report): void {
  blocks.forEach((block, number) => {
    const before = blocks[number - 1];
    if (before === undefined) return;
    const fail = (message: string): never => report.broken('chain.headers', `block ${number}`, message);
    if (block.number !== number) fail(`calls itself block ${block.number}`);
    if (!sameBytes(block.previousHash, before.hash)) fail('does not follow the block before');
    if (!sameBytes(block.dataHash, dataHashOf(block.envelopes))) fail('its data are not those of its header');
    if (block.validity.length !== block.envelopes.length) fail(`has ${block.validity.length} validity codes for ${block.envelopes.length} transactions`);
    const { good, needed } = ordererSignatures(block, trustRoot, organizations);
    if (good < needed) fail(`${good} good signatures of orderers, ${needed} are needed`);
  });
  report.pass('chain.headers', `${blocks.length} blocks`);
}
