/** A channel's configuration for a test, and changes of it as Fabric's administrators make them. */
import { common, msp, orderer } from '@hyperledger/fabric-protos';
import { ROLES } from '../evidence/channel-config.js';
import { signaturePolicy, type Organization, type Signatory } from './forge-organization.js';

/** The part of google-protobuf's map that is used, whose own types are not part of the messages' package. */
interface Named<T> {
  get(name: string): T | undefined;
  set(name: string, value: T): unknown;
  del(name: string): unknown;
  keys(): Iterable<string>;
}

const named = <T>(map: unknown): Named<T> => map as Named<T>;
export const groups = (group: common.ConfigGroup): Named<common.ConfigGroup> => named(group.getGroupsMap());
const values = (group: common.ConfigGroup): Named<common.ConfigValue> => named(group.getValuesMap());
const policies = (group: common.ConfigGroup): Named<common.ConfigPolicy> => named(group.getPoliciesMap());

/** The group at a path of names. */
export const groupAt = (root: common.ConfigGroup, ...path: readonly string[]): common.ConfigGroup => path.reduce((group, name) => groups(group).get(name) ?? new common.ConfigGroup(), root);

const { PolicyType } = common.Policy;
const { Rule } = common.ImplicitMetaPolicy;

function setValue(group: common.ConfigGroup, name: string, bytes: Uint8Array): void {
  const value = new common.ConfigValue();
  value.setValue(bytes);
  value.setModPolicy('Admins');
  value.setVersion(values(group).get(name)?.getVersion() ?? 0);
  values(group).set(name, value);
}

/** Puts a policy into a group: of signatures, or a majority of those of that name below. */
export function setPolicy(group: common.ConfigGroup, name: string, rule: common.SignaturePolicyEnvelope | string): void {
  const policy = new common.Policy();
  if (typeof rule === 'string') {
    const meta = new common.ImplicitMetaPolicy();
    meta.setRule(Rule.MAJORITY);
    meta.setSubPolicy(rule);
    policy.setType(PolicyType.IMPLICIT_META);
    policy.setValue(meta.serializeBinary());
  } else {
    policy.setType(PolicyType.SIGNATURE);
    policy.setValue(rule.serializeBinary());
  }
  const entry = new common.ConfigPolicy();
  entry.setPolicy(policy);
  entry.setModPolicy('Admins');
  entry.setVersion(policies(group).get(name)?.getVersion() ?? 0);
  policies(group).set(name, entry);
}

/** The group of an organization. */
export function organizationGroup({ mspId, caPem }: Organization): common.ConfigGroup {
  const units = new msp.FabricNodeOUs();
  units.setEnable(true);
  const [client, peer, admin, ordererUnit] = ROLES.map((role) => {
    const unit = new msp.FabricOUIdentifier();
    unit.setOrganizationalUnitIdentifier(role);
    return unit;
  });
  units.setClientOuIdentifier(client);
  units.setPeerOuIdentifier(peer);
  units.setAdminOuIdentifier(admin);
  units.setOrdererOuIdentifier(ordererUnit);
  const provider = new msp.FabricMSPConfig();
  provider.setName(mspId);
  provider.setRootCertsList([Buffer.from(caPem)]);
  provider.setFabricNodeOus(units);
  const config = new msp.MSPConfig();
  config.setConfig(provider.serializeBinary());
  const group = new common.ConfigGroup();
  group.setModPolicy('Admins');
  setValue(group, 'MSP', config.serializeBinary());
  setPolicy(group, 'Admins', signaturePolicy(1, [[mspId, 'admin']]));
  setPolicy(group, 'Endorsement', signaturePolicy(1, [[mspId, 'peer']]));
  return group;
}

/** Sets who orders: the given organizations' orderers, numbered as given. */
export function setConsenters(root: common.ConfigGroup, consenters: readonly (readonly [id: number, organization: Organization])[]): void {
  const list = new common.Orderers();
  list.setConsenterMappingList(consenters.map(([id, { mspId, by }]) => {
    const consenter = new common.Consenter();
    consenter.setId(id);
    consenter.setMspId(mspId);
    consenter.setIdentity(Buffer.from(by.orderer.pem));
    return consenter;
  }));
  setValue(groupAt(root, 'Orderer'), 'Orderers', list.serializeBinary());
}

/** A channel of these organizations, all of them endorsing and ordering; so many endorsements are needed. */
export function firstConfig(organizations: readonly Organization[], minimum: number): common.ConfigGroup {
  const root = new common.ConfigGroup();
  for (const name of ['Orderer', 'Application']) {
    const part = new common.ConfigGroup();
    part.setModPolicy('Admins');
    setPolicy(part, 'Admins', 'Admins');
    for (const organization of organizations) groups(part).set(organization.mspId, organizationGroup(organization));
    groups(root).set(name, part);
  }
  root.setModPolicy('Admins');
  setPolicy(root, 'Admins', 'Admins');
  const application = groupAt(root, 'Application');
  setPolicy(application, 'Endorsement', signaturePolicy(minimum, organizations.map(({ mspId }) => [mspId, 'peer'])));
  setPolicy(application, 'LifecycleEndorsement', 'Endorsement');
  const type = new orderer.ConsensusType();
  type.setType('BFT');
  setValue(groupAt(root, 'Orderer'), 'ConsensusType', type.serializeBinary());
  setConsenters(root, organizations.map((organization, at) => [at + 1, organization]));
  return root;
}

const bytesOf = (entry: { serializeBinary(): Uint8Array } | undefined): string => Buffer.from(entry?.serializeBinary() ?? []).toString('hex');

/** Raises the version of whatever differs. */
function raise(before: common.ConfigGroup, after: common.ConfigGroup): void {
  const names = (group: common.ConfigGroup): string => [values(group), policies(group), groups(group)].map((part) => [...part.keys()].sort().join()).join(' ');
  if (names(before) !== names(after)) after.setVersion(before.getVersion() + 1);
  for (const part of [values, policies] as const) {
    for (const name of part(after).keys()) {
      const [old, now] = [part(before).get(name), part(after).get(name)];
      if (old !== undefined && now !== undefined && bytesOf(old) !== bytesOf(now)) now.setVersion(old.getVersion() + 1);
    }
  }
  for (const name of groups(after).keys()) {
    const [old, now] = [groups(before).get(name), groups(after).get(name)];
    if (old !== undefined && now !== undefined) raise(old, now);
  }
}

/** The configuration after a change, and the envelope of the update that these have signed. */
export function changed(channel: string, before: common.ConfigGroup, change: (root: common.ConfigGroup) => void, signatories: readonly Signatory[]): { after: common.ConfigGroup; envelope: common.Envelope } {
  const after = common.ConfigGroup.deserializeBinary(before.serializeBinary());
  change(after);
  raise(before, after);
  const update = new common.ConfigUpdate();
  update.setChannelId(channel);
  update.setReadSet(before);
  update.setWriteSet(after);
  const signed = new common.ConfigUpdateEnvelope();
  signed.setConfigUpdate(update.serializeBinary());
  for (const { identity, sign } of signatories) {
    const header = new common.SignatureHeader();
    header.setCreator(identity);
    const signature = new common.ConfigSignature();
    signature.setSignatureHeader(header.serializeBinary());
    signature.setSignature(sign(Buffer.concat([header.serializeBinary(), update.serializeBinary()])));
    signed.addSignatures(signature);
  }
  const payload = new common.Payload();
  payload.setData(signed.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return { after, envelope };
}
