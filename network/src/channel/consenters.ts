/** Edits of a configuration: orderers that vote come, go, or get new certificates. */
import { common, msp, orderer } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';
import { setContent, type ConfigTree } from './config-tree.js';
import { endpointsElement, groupOf, organizationGroup, type MemberDefinition } from './membership.js';
import { encodeSignaturePolicy } from './policy.js';

/** An orderer that votes. Certificates are PEM; the TLS one serves in both directions. */
export interface ConsenterDefinition {
  readonly id: number;
  readonly mspId: string;
  /** Port on loopback. */
  readonly port: number;
  readonly identity: string;
  readonly tls: string;
}

const contentOf = (tree: ConfigTree, name: string): Uint8Array => groupOf(tree, 'Orderer').values.get(name)?.content ?? new Uint8Array();

function consensusOf(tree: ConfigTree): orderer.ConsensusType {
  return orderer.ConsensusType.deserializeBinary(contentOf(tree, 'ConsensusType'));
}

/** Most faulty orderers of n that SmartBFT bears. */
export function bearableFaults(n: number): number {
  return Math.floor((n - 1) / 3);
}

/** Orderers of n that have to sign a block with SmartBFT (Fabric, common/policies/bft.go). */
export function bftQuorum(n: number): number {
  return Math.ceil((n + bearableFaults(n) + 1) / 2);
}

function bftConsenter({ id, mspId, port, identity, tls }: ConsenterDefinition): common.Consenter {
  const consenter = new common.Consenter();
  consenter.setId(id);
  consenter.setHost('localhost');
  consenter.setPort(port);
  consenter.setMspId(mspId);
  consenter.setIdentity(Buffer.from(identity));
  consenter.setServerTlsCert(Buffer.from(tls));
  consenter.setClientTlsCert(Buffer.from(tls));
  return consenter;
}

// Orderers refuse a configuration whose policy on blocks is not exactly this one (Fabric, smartbft/configverifier.go).
function blockValidation(consenters: readonly common.Consenter[]): Uint8Array {
  const envelope = new common.SignaturePolicyEnvelope();
  const nOutOf = new common.SignaturePolicy.NOutOf();
  nOutOf.setN(bftQuorum(consenters.length));
  for (const [index, consenter] of consenters.entries()) {
    const signedBy = new common.SignaturePolicy();
    signedBy.setSignedBy(index);
    nOutOf.addRules(signedBy);
    const identity = new msp.SerializedIdentity();
    identity.setMspid(consenter.getMspId());
    identity.setIdBytes(consenter.getIdentity_asU8());
    const principal = new msp.MSPPrincipal();
    principal.setPrincipalClassification(msp.MSPPrincipal.Classification.IDENTITY);
    principal.setPrincipal(identity.serializeBinary());
    envelope.addIdentities(principal);
  }
  const rule = new common.SignaturePolicy();
  rule.setNOutOf(nOutOf);
  envelope.setRule(rule);
  return encodeSignaturePolicy(envelope);
}

function editBft(tree: ConfigTree, edit: (consenters: common.Consenter[]) => common.Consenter[]): void {
  const group = groupOf(tree, 'Orderer');
  const orderers = common.Orderers.deserializeBinary(contentOf(tree, 'Orderers'));
  const consenters = edit(orderers.getConsenterMappingList());
  orderers.setConsenterMappingList(consenters);
  setContent(group.values, 'Orderers', orderers.serializeBinary());
  setContent(group.policies, 'BlockValidation', blockValidation(consenters));
}

function editRaft(tree: ConfigTree, edit: (consenters: orderer.etcdraft.Consenter[]) => orderer.etcdraft.Consenter[]): void {
  const consensus = consensusOf(tree);
  const metadata = orderer.etcdraft.ConfigMetadata.deserializeBinary(consensus.getMetadata_asU8());
  metadata.setConsentersList(edit(metadata.getConsentersList()));
  consensus.setMetadata(metadata.serializeBinary());
  setContent(groupOf(tree, 'Orderer').values, 'ConsensusType', consensus.serializeBinary());
}

/** Lets an organization run an orderer: it is known to the others and may read the channel, but does not vote yet. Does nothing when it is. */
export function addOrdererOrganization(tree: ConfigTree, member: MemberDefinition, port: number): void {
  const { groups } = groupOf(tree, 'Orderer');
  if (groups.has(member.mspId)) return;
  const group = organizationGroup(member);
  group.values.set('Endpoints', endpointsElement(port));
  // Fabric refuses two descriptions of one organization that differ in a byte.
  const existing = groupOf(tree, 'Application').groups.get(member.mspId)?.values.get('MSP');
  if (existing) group.values.set('MSP', { ...existing, version: 0 });
  groups.set(member.mspId, group);
}

/** Adds an orderer that votes, or puts new certificates into the place that it has. */
export function putConsenter(tree: ConfigTree, definition: ConsenterDefinition): void {
  const type = consensusOf(tree).getType();
  if (type === 'BFT') {
    const consenter = bftConsenter(definition);
    editBft(tree, (all) => (all.some((other) => other.getId() === definition.id) ? all.map((other) => (other.getId() === definition.id ? consenter : other)) : [...all, consenter]));
    return;
  }
  if (type !== 'etcdraft') throw new NetworkError('CHANGE_REFUSED', `The channel's consensus is ${type}.`, 'Only BFT and etcdraft can be changed.');
  const consenter = new orderer.etcdraft.Consenter();
  consenter.setHost('localhost');
  consenter.setPort(definition.port);
  consenter.setServerTlsCert(Buffer.from(definition.tls));
  consenter.setClientTlsCert(Buffer.from(definition.tls));
  const own = (other: orderer.etcdraft.Consenter): boolean => other.getHost() === 'localhost' && other.getPort() === definition.port;
  editRaft(tree, (all) => (all.some(own) ? all.map((other) => (own(other) ? consenter : other)) : [...all, consenter]));
}

/** Takes an organization's orderer out, and the organization from the orderers'. Does nothing when it has none. */
export function removeConsenter(tree: ConfigTree, { id, mspId, port }: Pick<ConsenterDefinition, 'id' | 'mspId' | 'port'>): void {
  const { groups } = groupOf(tree, 'Orderer');
  if (!groups.delete(mspId)) return;
  if (consensusOf(tree).getType() === 'BFT') editBft(tree, (all) => all.filter((other) => other.getId() !== id));
  else editRaft(tree, (all) => all.filter((other) => other.getPort() !== port));
}

/** How many orderers vote. */
export function consenterCount(tree: ConfigTree): number {
  const consensus = consensusOf(tree);
  if (consensus.getType() === 'BFT') return common.Orderers.deserializeBinary(contentOf(tree, 'Orderers')).getConsenterMappingList().length;
  return orderer.etcdraft.ConfigMetadata.deserializeBinary(consensus.getMetadata_asU8()).getConsentersList().length;
}
