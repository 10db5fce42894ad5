/** A channel's configuration as a flat list of elements, and what it says about organizations and orderers (Fabric, common/configtx). */
import { common, msp, orderer } from '@hyperledger/fabric-protos';

/** One group, value or policy of the configuration. */
export interface ConfigElement {
  readonly kind: 'group' | 'value' | 'policy';
  /** Such as `/Channel/Application/Endorsement`. */
  readonly path: string;
  readonly version: number;
  /** The policy that a change of the element must meet, absolute or relative to its group. */
  readonly modPolicy: string;
  /** The value, or a serialized `common.Policy`; empty for a group. */
  readonly content: Uint8Array;
  /** Names of a group's elements, as `kind path`. */
  readonly members: readonly string[];
}

/** All elements by `kind path`. */
export type ConfigMap = ReadonlyMap<string, ConfigElement>;

/** The roles that Fabric tells apart by organizational units. */
export const ROLES = ['client', 'peer', 'admin', 'orderer'] as const;
export type Role = (typeof ROLES)[number];

/** What an organization's membership provider trusts. */
export interface Authority {
  /** PEM of the certificate authorities, roots and intermediates. */
  readonly certificates: readonly string[];
  /** PEM of administrators by name. */
  readonly admins: readonly string[];
  /** The organizational unit of each role; undefined where certificates carry no roles. */
  readonly units: ReadonlyMap<string, Role> | undefined;
}

export interface Consenter {
  readonly consenterId: number;
  readonly mspId: string;
  /** PEM of the enrolment certificate. */
  readonly certificate: string;
}

export interface ChannelConfig {
  readonly sequence: number;
  readonly elements: ConfigMap;
  readonly authorities: ReadonlyMap<string, Authority>;
  /** Names of the application's groups by MSP ID. */
  readonly applications: ReadonlyMap<string, string>;
  readonly consensus: 'bft' | 'raft';
  /** SmartBFT's consenters; empty under Raft. */
  readonly consenters: readonly Consenter[];
}

/** The one thing needed of google-protobuf's map, whose own types are not part of the messages' package. */
interface Named<T> {
  entries(): Iterable<[string, T]>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** Names that Fabric allows; a slash in one would make two paths look alike. */
const allowed = /^[a-zA-Z0-9.-]+$/;

function named<T>(map: unknown): [string, T][] {
  const found = [...(map as Named<T>).entries()];
  const strange = found.find(([name]) => !allowed.test(name));
  if (strange !== undefined) throw new Error(`${JSON.stringify(strange[0])} is no name of a configuration`);
  return found;
}

/** The elements of a group and of all groups in it. @throws Error for a name that Fabric does not allow. */
export function flatten(group: common.ConfigGroup, path = '/Channel'): Map<string, ConfigElement> {
  const found = new Map<string, ConfigElement>();
  const add = (kind: ConfigElement['kind'], at: string, version: number, modPolicy: string, content: Uint8Array, members: readonly string[] = []): string => {
    found.set(`${kind} ${at}`, { kind, path: at, version, modPolicy, content, members });
    return `${kind} ${at}`;
  };
  const members: string[] = [];
  for (const [name, value] of named<common.ConfigValue>(group.getValuesMap())) {
    members.push(add('value', `${path}/${name}`, value.getVersion(), value.getModPolicy(), value.getValue_asU8()));
  }
  for (const [name, policy] of named<common.ConfigPolicy>(group.getPoliciesMap())) {
    members.push(add('policy', `${path}/${name}`, policy.getVersion(), policy.getModPolicy(), policy.getPolicy()?.serializeBinary() ?? new Uint8Array()));
  }
  for (const [name, inner] of named<common.ConfigGroup>(group.getGroupsMap())) {
    members.push(`group ${path}/${name}`);
    for (const [key, element] of flatten(inner, `${path}/${name}`)) found.set(key, element);
  }
  add('group', path, group.getVersion(), group.getModPolicy(), new Uint8Array(), members.sort());
  return found;
}

/** Names of the groups in a group. */
export const groupsIn = (elements: ConfigMap, path: string): string[] =>
  (elements.get(`group ${path}`)?.members ?? []).filter((key) => key.startsWith('group ')).map((key) => key.slice(path.length + 'group /'.length));

const valueAt = (elements: ConfigMap, path: string): Uint8Array => elements.get(`value ${path}`)?.content ?? new Uint8Array();

function readUnits(units: msp.FabricNodeOUs | undefined): ReadonlyMap<string, Role> | undefined {
  if (units?.getEnable() !== true) return undefined;
  const identifiers = { client: units.getClientOuIdentifier(), peer: units.getPeerOuIdentifier(), admin: units.getAdminOuIdentifier(), orderer: units.getOrdererOuIdentifier() };
  return new Map(ROLES.flatMap((role) => {
    const unit = identifiers[role]?.getOrganizationalUnitIdentifier() ?? '';
    return unit === '' ? [] : [[unit, role] as const];
  }));
}

/** The membership provider of an organization's group. */
function readAuthority(elements: ConfigMap, path: string, name: string): [mspId: string, authority: Authority] {
  const config = msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(valueAt(elements, `${path}/${name}/MSP`)).getConfig_asU8());
  return [config.getName() === '' ? name : config.getName(), {
    certificates: [...config.getRootCertsList_asU8(), ...config.getIntermediateCertsList_asU8()].map(text),
    admins: config.getAdminsList_asU8().map(text),
    units: readUnits(config.getFabricNodeOus()),
  }];
}

/** What a configuration's elements say. @throws Error when one of them cannot be read. */
export function readElements(elements: ConfigMap, sequence: number): ChannelConfig {
  const organizations = (part: string) => groupsIn(elements, `/Channel/${part}`).map((name) => [name, ...readAuthority(elements, `/Channel/${part}`, name)] as const);
  const applications = organizations('Application');
  const consenters = common.Orderers.deserializeBinary(valueAt(elements, '/Channel/Orderer/Orderers')).getConsenterMappingList();
  return {
    sequence,
    elements,
    authorities: new Map([...organizations('Orderer'), ...applications].map(([, mspId, authority]) => [mspId, authority])),
    applications: new Map(applications.map(([name, mspId]) => [mspId, name])),
    consensus: orderer.ConsensusType.deserializeBinary(valueAt(elements, '/Channel/Orderer/ConsensusType')).getType() === 'BFT' ? 'bft' : 'raft',
    consenters: consenters.map((entry) => ({ consenterId: entry.getId(), mspId: entry.getMspId(), certificate: text(entry.getIdentity_asU8()) })),
  };
}

/** Reads a serialized `common.ConfigEnvelope`. @throws Error when the bytes are none. */
export function readChannelConfig(bytes: Uint8Array): ChannelConfig {
  const config = common.ConfigEnvelope.deserializeBinary(bytes).getConfig() ?? new common.Config();
  return readElements(flatten(config.getChannelGroup() ?? new common.ConfigGroup()), config.getSequence());
}
