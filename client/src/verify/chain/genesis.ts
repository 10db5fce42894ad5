/** The first block is the pinned one, and the configuration it holds names the pinned organizations and orderers. */
import { blockDigest, dataHashOf, type Block } from '../../evidence/block.js';
import { sameBytes } from '../../evidence/bytes.js';
import { readChannelConfig, type ChannelConfig } from '../../evidence/channel-config.js';
import type { Evidence } from '../../evidence/evidence.js';
import { readTransaction } from '../../evidence/transaction.js';
import type { TrustRoot } from '../../evidence/trust-root.js';
import type { Report } from '../report.js';

type Fail = (object: string, message: string) => never;
type Consenter = ChannelConfig['consenters'][number];

/** A configuration names the pinned authorities and orderers, no others and no fewer. */
export function checkConfig(object: string, bytes: Uint8Array, trustRoot: TrustRoot, fail: Fail): void {
  const config = readChannelConfig(bytes);
  const samePem = (a: string) => (b: string): boolean => a.trim() === b.trim();
  for (const [mspId, found] of config.authorities) {
    const pinned = trustRoot.organizations.find((entry) => entry.mspId === mspId)?.caCertificates ?? [];
    if (found.some((pem) => !pinned.some(samePem(pem)))) fail(mspId, `${object} names a certificate authority that is not pinned`);
  }
  const missing = trustRoot.organizations.find(({ mspId }) => !config.authorities.has(mspId));
  if (missing !== undefined) fail(missing.mspId, `is not an organization of ${object}`);
  if (trustRoot.consensus !== 'bft') return;
  const isPinned = ({ consenterId, mspId, certificate }: Consenter): boolean =>
    trustRoot.orderers.some((pinned) => pinned.consenterId === consenterId && pinned.mspId === mspId && samePem(pinned.certificate)(certificate));
  const strange = config.consenters.find((entry) => !isPinned(entry));
  if (strange !== undefined || config.consenters.length !== trustRoot.orderers.length) fail(strange?.mspId ?? object, `the orderers of ${object} are not the pinned ones`);
}

/** Check `trust.root`. @throws Broken. */
export function checkTrustRoot(genesis: Block, evidence: Evidence, trustRoot: TrustRoot, report: Report): void {
  const fail: Fail = (object, message) => report.broken('trust.root', object, message);
  if (evidence.channel !== trustRoot.channel) fail(evidence.channel, `the trust root is for channel ${trustRoot.channel}`);
  if (genesis.number !== 0 || blockDigest(genesis) !== trustRoot.genesis) fail(blockDigest(genesis), `the first block is not the pinned ${trustRoot.genesis}`);
  if (!sameBytes(dataHashOf(genesis.envelopes), genesis.dataHash)) fail('block 0', 'the data hash in the header is another');
  const [envelope] = genesis.envelopes;
  const transaction = envelope === undefined ? undefined : readTransaction(envelope);
  if (transaction?.kind !== 'config') return fail('block 0', 'holds no configuration');
  checkConfig('block 0', transaction.config, trustRoot, fail);
  report.pass('trust.root', `${trustRoot.organizations.length} organizations, ${trustRoot.orderers.length} orderers`);
}
