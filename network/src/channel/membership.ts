/** Edits of a configuration: an organization comes or goes, and which signatures the members' policies then need. */
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';
import { majorityOf } from './channel-config.js';
import { setContent, type ConfigElement, type ConfigTree } from './config-tree.js';
import { encodePolicy, namedIn, plainRule, policyText, ruleText, type PlainRule } from './policy.js';

/** What the channel has to know of an organization. Certificates are PEM. */
export interface MemberDefinition {
  readonly mspId: string;
  readonly caCertificate: string;
  readonly tlsCaCertificate: string;
  /** Port of its peer on loopback, where others first call it. */
  readonly peerPort: number;
}

/** The channel's group `Application` or `Orderer`. */
export function groupOf(tree: ConfigTree, name: 'Application' | 'Orderer'): ConfigTree {
  const group = tree.groups.get(name);
  if (group) return group;
  throw new NetworkError('CONFIG_REFUSED', `The channel's configuration has no group ${name}.`, 'Use a channel of Fabric 2.5 or 3.');
}

/** MSP IDs of the channel's members. */
export function membersOf(tree: ConfigTree): string[] {
  return [...groupOf(tree, 'Application').groups.keys()];
}

/** MSP IDs of the members that have a peer, and so can endorse: they name it as their anchor. */
function endorsersOf(tree: ConfigTree): string[] {
  return [...groupOf(tree, 'Application').groups].filter(([, { values }]) => values.has('AnchorPeers')).map(([name]) => name);
}

const element = (content: Uint8Array): ConfigElement => ({ version: 0, modPolicy: 'Admins', content });

function mspContent({ mspId, caCertificate, tlsCaCertificate }: MemberDefinition): Uint8Array {
  const ca = Buffer.from(caCertificate);
  const unit = (name: string): msp.FabricOUIdentifier => {
    const identifier = new msp.FabricOUIdentifier();
    identifier.setCertificate(ca);
    identifier.setOrganizationalUnitIdentifier(name);
    return identifier;
  };
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  units.setClientOuIdentifier(unit('client'));
  units.setPeerOuIdentifier(unit('peer'));
  units.setAdminOuIdentifier(unit('admin'));
  units.setOrdererOuIdentifier(unit('orderer'));
  const crypto = new msp.FabricCryptoConfig();
  crypto.setSignatureHashFamily('SHA2');
  crypto.setIdentityIdentifierHashFunction('SHA256');
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(mspId);
  fabric.setRootCertsList([ca]);
  fabric.setTlsRootCertsList([Buffer.from(tlsCaCertificate)]);
  fabric.setCryptoConfig(crypto);
  fabric.setFabricNodeOus(units);
  const config = new msp.MSPConfig();
  config.setConfig(fabric.serializeBinary());
  return config.serializeBinary();
}

/** An organization's own group, as configtxgen makes it for the first block. */
export function organizationGroup(member: MemberDefinition): ConfigTree {
  const own = (role: string): ConfigElement => element(encodePolicy(`'${member.mspId}.${role}'`));
  const policies = { Readers: own('member'), Writers: own('member'), Admins: own('admin'), Endorsement: own('peer') };
  return { version: 0, modPolicy: 'Admins', values: new Map([['MSP', element(mspContent(member))]]), policies: new Map(Object.entries(policies)), groups: new Map() };
}

function rewrite(group: ConfigTree, name: string, change: (rule: PlainRule) => PlainRule | undefined): void {
  const rule = plainRule(group.policies.get(name)?.content ?? new Uint8Array());
  const changed = rule && change(rule);
  if (changed) setContent(group.policies, name, encodePolicy(ruleText(changed)));
}

const sameMembers = (rule: PlainRule, mspIds: readonly string[]): boolean => rule.mspIds.length === mspIds.length && mspIds.every((mspId) => rule.mspIds.includes(mspId));

/** A majority of organizations, each by a peer or an administrator. */
function majorityRule(mspIds: readonly string[], role: 'peer' | 'admin' = 'peer'): PlainRule {
  return { least: majorityOf(mspIds.length), role, mspIds };
}

/** Who belongs to the channel: all members, and those of them that endorse. */
interface Membership {
  readonly members: readonly string[];
  readonly endorsers: readonly string[];
}

const membershipOf = (tree: ConfigTree): Membership => ({ members: membersOf(tree), endorsers: endorsersOf(tree) });

/**
 * Rewrites the signature policies that list the members: who may read and write, and the majority that endorses and, beside members without nodes, administers. Policies
 * of kind ImplicitMeta follow by themselves; one that was set by hand is left alone.
 */
function rewritePolicies(tree: ConfigTree, before: Membership, after: Membership): void {
  const application = groupOf(tree, 'Application');
  for (const group of [tree, groupOf(tree, 'Orderer'), application]) {
    for (const name of ['Readers', 'Writers']) {
      rewrite(group, name, (rule) => (rule.least === 1 && rule.role === 'member' && sameMembers(rule, before.members) ? { ...rule, mspIds: after.members } : undefined));
    }
  }
  for (const [name, role] of [['Endorsement', 'peer'], ['LifecycleEndorsement', 'peer'], ['Admins', 'admin']] as const) {
    rewrite(application, name, (rule) => (rule.least === majorityOf(before.endorsers.length) && rule.role === role && sameMembers(rule, before.endorsers) ? majorityRule(after.endorsers, role) : undefined));
  }
}

/** Takes an organization in. Does nothing when it is a member. */
export function addMember(tree: ConfigTree, member: MemberDefinition): void {
  const before = membershipOf(tree);
  if (before.members.includes(member.mspId)) return;
  const anchor = new peer.AnchorPeer();
  anchor.setHost('localhost');
  anchor.setPort(member.peerPort);
  const anchors = new peer.AnchorPeers();
  anchors.setAnchorPeersList([anchor]);
  const group = organizationGroup(member);
  group.values.set('AnchorPeers', element(anchors.serializeBinary()));
  groupOf(tree, 'Application').groups.set(member.mspId, group);
  rewritePolicies(tree, before, membershipOf(tree));
}

/**
 * Puts an organization out; its orderer has to be removed before. Does nothing when it is no member.
 * @throws {NetworkError} CHANGE_REFUSED when a policy that was set by hand names it
 */
export function removeMember(tree: ConfigTree, mspId: string): void {
  const before = membershipOf(tree);
  if (!before.members.includes(mspId)) return;
  const application = groupOf(tree, 'Application');
  application.groups.delete(mspId);
  rewritePolicies(tree, before, membershipOf(tree));
  if (!namedIn(policyText(application.policies.get('Endorsement')?.content ?? new Uint8Array())).includes(mspId)) return;
  throw new NetworkError('CHANGE_REFUSED', `The endorsement policy that was set by hand names ${mspId}.`, 'Set another one first, such as fl-network policy set endorsement majority.');
}

/**
 * Sets who has to endorse a transaction.
 * @param policy `majority`, or rules as text
 * @throws {NetworkError} DEFINITION_INVALID when it cannot be read, USAGE when it names an organization without a peer in the channel
 */
export function setEndorsement(tree: ConfigTree, policy: string): void {
  const endorsers = endorsersOf(tree);
  const content = encodePolicy(policy === 'majority' ? ruleText(majorityRule(endorsers)) : policy);
  const strangers = namedIn(policyText(content)).filter((mspId) => !endorsers.includes(mspId));
  if (strangers.length > 0) throw new NetworkError('USAGE', `The policy names ${strangers.join(', ')}, of which the channel knows no peer.`, `Name some of ${endorsers.join(', ')}.`);
  setContent(groupOf(tree, 'Application').policies, 'Endorsement', content);
}

/** Addresses of an orderer as its organization's group names them. */
export function endpointsElement(port: number): ConfigElement {
  const addresses = new common.OrdererAddresses();
  addresses.setAddressesList([`localhost:${port}`]);
  return element(addresses.serializeBinary());
}
