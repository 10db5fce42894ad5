/** Each block follows the one before, holds the data it says, and is signed by a quorum of the orderers that are in force before it. */
import { dataHashOf, type Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import { readChannelConfig } from '../../evidence/channel-config.js';
import { ordererSignatures } from '../../evidence/orderer-signatures.js';
import { readTransaction, type Transaction } from '../../evidence/transaction.js';
import type { Report } from '../report.js';
import type { Configuration } from './configuration.js';

/** The only transaction of a block; orderers put a configuration into a block of its own. */
function only({ envelopes: [envelope, ...others] }: Block): Transaction | undefined {
  if (envelope === undefined || others.length > 0) return undefined;
  try {
    return readTransaction(envelope);
  } catch {
    return undefined;
  }
}

/** What is in force behind a block: a new configuration, where the members in force before have agreed to it. */
function behind(block: Block, before: Configuration, channel: string, report: Report): Configuration {
  const transaction = only(block);
  if (transaction?.kind !== 'config') return before;
  try {
    return before.next(channel, transaction.config, readChannelConfig(transaction.config));
  } catch (error) {
    return report.broken('trust.root', `block ${block.number}`, `is no change of the configuration that the members before agreed to: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Check `chain.headers`, and the part of `trust.root` that follows the configuration from the pinned one on.
 * @returns what is in force before each block, and at last what is in force behind the last one.
 * @throws Broken.
 */
export function checkHeaders(blocks: readonly Block[], genesis: Configuration, channel: string, report: Report): Configuration[] {
  const inForce = [genesis, genesis];
  blocks.forEach((block, number) => {
    const before = blocks[number - 1];
    const configuration = inForce[number];
    if (before === undefined || configuration === undefined) return;
    const fail = (message: string): never => report.broken('chain.headers', `block ${number}`, message);
    if (block.number !== number) fail(`calls itself block ${block.number}`);
    if (!sameBytes(block.previousHash, before.hash)) fail('does not follow the block before');
    if (!sameBytes(block.dataHash, dataHashOf(block.envelopes))) fail('its data are not those of its header');
    if (block.validity.length !== block.envelopes.length) fail(`has ${block.validity.length} validity codes for ${block.envelopes.length} transactions`);
    const { good, needed } = ordererSignatures(block, configuration.config, configuration.organizations);
    if (good < needed) fail(`${good} good signatures of orderers, ${needed} are needed`);
    inForce.push(behind(block, configuration, channel, report));
  });
  const { config } = inForce.at(-1) ?? genesis;
  const changes = config.sequence - genesis.config.sequence;
  const now = `${config.applications.size} organizations, ${config.consenters.length} orderers`;
  report.pass('chain.headers', `${blocks.length} blocks${changes === 0 ? '' : `; the channel changed ${changes} times, now ${now}`}`);
  return inForce;
}
