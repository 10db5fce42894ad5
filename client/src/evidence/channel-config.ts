/** The organizations and orderers that a configuration block names. */
import { common, msp } from '@hyperledger/fabric-protos';

export interface ChannelConfig {
  /** PEM of the certificate authorities, roots and intermediates, by MSP ID. */
  readonly authorities: ReadonlyMap<string, readonly string[]>;
  /** SmartBFT's consenters; empty under Raft. */
  readonly consenters: readonly { readonly consenterId: number; readonly mspId: string; readonly certificate: string }[];
}

/** The one thing needed of google-protobuf's map, whose own types are not part of the messages' package. */
interface Named<T> {
  get(name: string): T | undefined;
  entries(): Iterable<[string, T]>;
}

const named = <T>(map: unknown): Named<T> => map as Named<T>;
const groupsOf = (group: common.ConfigGroup): Named<common.ConfigGroup> => named(group.getGroupsMap());
const valueOf = (group: common.ConfigGroup, name: string): Uint8Array => named<common.ConfigValue>(group.getValuesMap()).get(name)?.getValue_asU8() ?? new Uint8Array();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

function authoritiesOf(group: common.ConfigGroup): [string, string[]][] {
  return [...groupsOf(group).entries()].map(([name, organization]) => {
    const config = msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(valueOf(organization, 'MSP')).getConfig_asU8());
    return [config.getName() === '' ? name : config.getName(), [...config.getRootCertsList_asU8(), ...config.getIntermediateCertsList_asU8()].map(text)];
  });
}

/** Reads a serialized `common.ConfigEnvelope`. @throws Error when the bytes are none. */
export function readChannelConfig(bytes: Uint8Array): ChannelConfig {
  const channel = common.ConfigEnvelope.deserializeBinary(bytes).getConfig()?.getChannelGroup() ?? new common.ConfigGroup();
  const part = (name: string): common.ConfigGroup => groupsOf(channel).get(name) ?? new common.ConfigGroup();
  const consenters = common.Orderers.deserializeBinary(valueOf(part('Orderer'), 'Orderers')).getConsenterMappingList();
  return {
    authorities: new Map([...authoritiesOf(part('Orderer')), ...authoritiesOf(part('Application'))]),
    consenters: consenters.map((entry) => ({ consenterId: entry.getId(), mspId: entry.getMspId(), certificate: text(entry.getIdentity_asU8()) })),
  };
}
