/** A configuration in words, one line an entry, and the difference between two. */
import { createHash, X509Certificate } from 'node:crypto';
import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import type { ConfigTree } from './config-tree.js';
import { policyText } from './policy.js';

/** One entry that differs. `before` is absent for what is new, `after` for what goes. */
export interface Difference {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

/** A certificate in words: subject, first half of the SHA-256 over its DER, and its end. */
export function certificateText(pem: Uint8Array | string): string {
  const { subject, raw, validToDate } = new X509Certificate(pem);
  return `${subject.replaceAll('\n', ',')} sha256:${createHash('sha256').update(raw).digest('hex').slice(0, 32)} until ${validToDate.toISOString()}`;
}

type Lines = readonly (readonly [string, string])[];
const certificates = (name: string, pems: readonly (Uint8Array | string)[]): Lines => pems.map((pem, index) => [`${name} ${index + 1}`, certificateText(pem)]);

function mspLines(bytes: Uint8Array): Lines {
  const config = msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(bytes).getConfig_asU8());
  return [
    ...certificates('root', config.getRootCertsList_asU8()),
    ...certificates('intermediate', config.getIntermediateCertsList_asU8()),
    ...certificates('TLS root', config.getTlsRootCertsList_asU8()),
  ];
}

function consenterLines(bytes: Uint8Array): Lines {
  const consenters = common.Orderers.deserializeBinary(bytes).getConsenterMappingList();
  return consenters.flatMap((consenter): Lines => [
    [`${consenter.getId()}`, `${consenter.getMspId()} at ${consenter.getHost()}:${consenter.getPort()}`],
    [`${consenter.getId()} identity`, certificateText(consenter.getIdentity_asU8())],
    [`${consenter.getId()} TLS`, certificateText(consenter.getServerTlsCert_asU8())],
  ]);
}

function consensusLines(bytes: Uint8Array): Lines {
  const consensus = orderer.ConsensusType.deserializeBinary(bytes);
  const kind: Lines = [['type', consensus.getType()]];
  if (consensus.getType() !== 'etcdraft') return [...kind, ['options', digest(consensus.getMetadata_asU8())]];
  const metadata = orderer.etcdraft.ConfigMetadata.deserializeBinary(consensus.getMetadata_asU8());
  const consenters = metadata.getConsentersList().map((consenter): [string, string] => [`${consenter.getHost()}:${consenter.getPort()} TLS`, certificateText(consenter.getServerTlsCert_asU8())]);
  return [...kind, ...consenters, ['options', JSON.stringify(metadata.getOptions()?.toObject())]];
}

const digest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;

/** How each value is put into words; others show by their digest. */
const readers: Readonly<Record<string, (bytes: Uint8Array) => Lines>> = {
  MSP: mspLines,
  Orderers: consenterLines,
  ConsensusType: consensusLines,
  AnchorPeers: (bytes) => [['', peer.AnchorPeers.deserializeBinary(bytes).getAnchorPeersList().map((anchor) => `${anchor.getHost()}:${anchor.getPort()}`).join(', ')]],
  Endpoints: (bytes) => [['', common.OrdererAddresses.deserializeBinary(bytes).getAddressesList().join(', ')]],
  Capabilities: (bytes) => [['', common.Capabilities.deserializeBinary(bytes).toObject().capabilitiesMap.map(([name]) => name).join(', ')]],
};

/** Every entry of a configuration: path and what stands there. */
export function configLines(tree: ConfigTree, path = '/Channel'): Map<string, string> {
  const lines = new Map<string, string>();
  for (const [name, { content = new Uint8Array() }] of tree.policies) lines.set(`${path}/policies/${name}`, policyText(content));
  for (const [name, { content = new Uint8Array() }] of tree.values) {
    for (const [part, text] of readers[name]?.(content) ?? [['', digest(content)]]) lines.set(`${path}/${name}${part && ` ${part}`}`, text);
  }
  for (const [name, inner] of tree.groups) for (const [key, text] of configLines(inner, `${path}/${name}`)) lines.set(key, text);
  return lines;
}

/** What differs between two configurations, in the order of paths. */
export function configDifferences(before: ConfigTree, after: ConfigTree): Difference[] {
  const [old, now] = [configLines(before), configLines(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    return was === is ? [] : [{ path, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

/** Differences for people: the path, then what goes with - and what comes with +. */
export function differencesText(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'The channel\'s configuration stays as it is.';
  return differences.map(({ path, before, after }) => [path, ...(before === undefined ? [] : [`  - ${before}`]), ...(after === undefined ? [] : [`  + ${after}`])].join('\n')).join('\n');
}
