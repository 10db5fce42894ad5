/** The first block is the pinned one, and the configuration it holds names the pinned organizations and orderers. */
import { blockDigest, dataHashOf, type Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import { readChannelConfig, type ChannelConfig, type Consenter } from '../../evidence/channel-config.js';
import type { Evidence } from '../../evidence/evidence.js';
import { readTransaction } from '../../evidence/transaction.js';
import type { TrustRoot } from '../../evidence/trust-root.js';
import type { Report } from '../report.js';
import { Configuration } from './configuration.js';

type Fail = (object: string, message: string) => never;

/** The first configuration names the pinned authorities and orderers, no others and no fewer. */
function checkConfig(config: ChannelConfig, trustRoot: TrustRoot, fail: Fail): void {
  const object = 'block 0';
  const samePem = (a: string) => (b: string): boolean => a.trim() === b.trim();
  for (const [mspId, found] of config.authorities) {
    const pinned = trustRoot.organizations.find((entry) => entry.mspId === mspId)?.caCertificates ?? [];
    if (found.certificates.some((pem) => !pinned.some(samePem(pem)))) fail(mspId, `${object} names a certificate authority that is not pinned`);
  }
  const missing = trustRoot.organizations.find(({ mspId }) => !config.authorities.has(mspId));
  if (missing !== undefined) fail(missing.mspId, `is not an organization of ${object}`);
  if (trustRoot.consensus !== config.consensus) fail(object, `orders by ${config.consensus}, ${trustRoot.consensus} is pinned`);
  if (trustRoot.consensus !== 'bft') return;
  const isPinned = ({ consenterId, mspId, certificate }: Consenter): boolean =>
    trustRoot.orderers.some((pinned) => pinned.consenterId === consenterId && pinned.mspId === mspId && samePem(pinned.certificate)(certificate));
  const strange = config.consenters.find((entry) => !isPinned(entry));
  if (strange !== undefined || config.consenters.length !== trustRoot.orderers.length) fail(strange?.mspId ?? object, `the orderers of ${object} are not the pinned ones`);
}

/** Check `trust.root`. @returns what is in force from the first block on. @throws Broken. */
export function checkTrustRoot(genesis: Block, evidence: Evidence, trustRoot: TrustRoot, report: Report): Configuration {
  const fail: Fail = (object, message) => report.broken('trust.root', object, message);
  if (evidence.channel !== trustRoot.channel) fail(evidence.channel, `the trust root is for channel ${trustRoot.channel}`);
  if (genesis.number !== 0 || blockDigest(genesis) !== trustRoot.genesis) fail(blockDigest(genesis), `the first block is not the pinned ${trustRoot.genesis}`);
  if (!sameBytes(dataHashOf(genesis.envelopes), genesis.dataHash)) fail('block 0', 'the data hash in the header is another');
  const [envelope] = genesis.envelopes;
  const transaction = envelope === undefined ? undefined : readTransaction(envelope);
  if (transaction?.kind !== 'config') return fail('block 0', 'holds no configuration');
  const config = readChannelConfig(transaction.config);
  checkConfig(config, trustRoot, fail);
  report.pass('trust.root', `${trustRoot.organizations.length} organizations, ${trustRoot.orderers.length} orderers`);
  return new Configuration(config, trustRoot.endorsement);
}
