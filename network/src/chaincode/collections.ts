/** Collections of private data: read from the JSON file that Fabric's programs take, and told apart. */
import { readFileSync } from 'node:fs';
import { peer as protos } from '@hyperledger/fabric-protos';
import { z } from 'zod';
import { NetworkError, sentenceOf } from '../error.js';
import { applicationPolicy, applicationPolicyText, signaturePolicy, signaturePolicyText } from './endorsement-policy.js';

const count = z.number().int().min(0);
const collection = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]+$/, 'must hold only letters, digits, - and _'),
  policy: z.string(),
  requiredPeerCount: count.default(0),
  maxPeerCount: count.default(1),
  blockToLive: count.default(0),
  memberOnlyRead: z.boolean().default(false),
  memberOnlyWrite: z.boolean().default(false),
  endorsementPolicy: z.union([z.strictObject({ signaturePolicy: z.string() }), z.strictObject({ channelConfigPolicy: z.string().startsWith('/') })]).optional(),
});

function message(value: z.infer<typeof collection>): protos.CollectionConfig {
  const members = new protos.CollectionPolicyConfig();
  members.setSignaturePolicy(signaturePolicy(value.policy));
  const settings = new protos.StaticCollectionConfig();
  settings.setName(value.name);
  settings.setMemberOrgsPolicy(members);
  settings.setRequiredPeerCount(value.requiredPeerCount);
  settings.setMaximumPeerCount(value.maxPeerCount);
  settings.setBlockToLive(value.blockToLive);
  settings.setMemberOnlyRead(value.memberOnlyRead);
  settings.setMemberOnlyWrite(value.memberOnlyWrite);
  const policy = value.endorsementPolicy;
  if (policy) settings.setEndorsementPolicy(applicationPolicy('signaturePolicy' in policy ? policy.signaturePolicy : policy.channelConfigPolicy));
  const config = new protos.CollectionConfig();
  config.setStaticCollectionConfig(settings);
  return config;
}

/**
 * Collections from a parsed collections file: a list of `{name, policy, requiredPeerCount, maxPeerCount, blockToLive, …}`.
 * @throws {NetworkError} DEFINITION_INVALID with all faults
 */
export function parseCollections(document: unknown, source = 'The collections'): protos.CollectionConfigPackage {
  const parsed = z.array(collection).safeParse(document);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.') || '(document)'}: ${issue.message}`);
    throw new NetworkError('DEFINITION_INVALID', `${source} has ${faults.length} fault(s):\n${faults.join('\n')}`, 'Correct the lines named above.');
  }
  const collections = new protos.CollectionConfigPackage();
  collections.setConfigList(parsed.data.map(message));
  return collections;
}

/** Collections of a file. An empty list is none at all. */
export function readCollections(file: string): protos.CollectionConfigPackage {
  try {
    return parseCollections(JSON.parse(readFileSync(file, 'utf8')), file);
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    throw new NetworkError('DEFINITION_INVALID', `${file} cannot be read: ${sentenceOf(error)}`, 'Name a JSON file with --collections.', error);
  }
}

function collectionText(settings: protos.StaticCollectionConfig): string {
  const policy = settings.getEndorsementPolicy();
  return [
    `${settings.getName()}: ${signaturePolicyText(settings.getMemberOrgsPolicy()?.getSignaturePolicy())}`,
    `to ${settings.getRequiredPeerCount()}-${settings.getMaximumPeerCount()} peers`,
    settings.getBlockToLive() > 0 ? `for ${settings.getBlockToLive()} blocks` : 'for ever',
    ...(settings.getMemberOnlyRead() ? ['members read'] : []),
    ...(settings.getMemberOnlyWrite() ? ['members write'] : []),
    ...(policy ? [`endorsed by ${applicationPolicyText(policy)}`] : []),
  ].join(', ');
}

/** All collections in one line. */
export function collectionsText(collections: protos.CollectionConfigPackage): string {
  const all = collections.getConfigList().map((config) => config.getStaticCollectionConfig());
  return all.map((settings) => (settings ? collectionText(settings) : 'unknown')).join('; ') || 'none';
}
