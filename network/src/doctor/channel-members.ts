/** Whom the channel's configuration knows: organizations with their roots, and consenters with their certificates. */
import { readFileSync } from 'node:fs';
import { common, msp } from '@hyperledger/fabric-protos';
import { genesisFile } from '../channel/genesis.js';
import { connectPeer } from '../connection/gateway.js';
import type { Network, Organization } from '../state.js';

/** Certificates are PEM. */
export interface ChannelMembers {
  readonly organizations: ReadonlyMap<string, { readonly roots: readonly string[]; readonly hasNodeUnits: boolean }>;
  /** By MSP ID; empty with Raft, whose consenters are known by their TLS certificates. */
  readonly consenters: ReadonlyMap<string, string>;
}

/** What is needed of google-protobuf's map, whose own types are not part of the messages' package. */
interface Named<T> {
  get(name: string): T | undefined;
  entries(): Iterable<[string, T]>;
}

const named = <T>(map: unknown): Named<T> => map as Named<T>;
const groupsOf = (group: common.ConfigGroup): Named<common.ConfigGroup> => named(group.getGroupsMap());
const valueOf = (group: common.ConfigGroup, name: string): Uint8Array => named<common.ConfigValue>(group.getValuesMap()).get(name)?.getValue_asU8() ?? new Uint8Array();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** Reads the members out of a configuration block. @throws Error for a block that is none */
export function membersOf(block: Uint8Array): ChannelMembers {
  const envelope = common.Envelope.deserializeBinary(common.Block.deserializeBinary(block).getData()?.getDataList_asU8()[0] ?? new Uint8Array());
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const channel = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig()?.getChannelGroup();
  const [application, orderer] = ['Application', 'Orderer'].map((part) => channel && groupsOf(channel).get(part));
  if (!application || !orderer) throw new Error('the block holds no channel configuration');
  const organizations = [...groupsOf(application).entries()].map(([name, group]) => {
    const config = msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(valueOf(group, 'MSP')).getConfig_asU8());
    return [config.getName() || name, { roots: config.getRootCertsList_asU8().map(text), hasNodeUnits: config.getFabricNodeOus()?.getEnable() ?? false }] as const;
  });
  const consenters = common.Orderers.deserializeBinary(valueOf(orderer, 'Orderers')).getConsenterMappingList();
  return { organizations: new Map(organizations), consenters: new Map(consenters.map((entry) => [entry.getMspId(), text(entry.getIdentity_asU8())])) };
}

async function configBlock(organization: Organization, channel: string): Promise<Uint8Array> {
  const { gateway, close } = connectPeer(organization, 'admin');
  try {
    return await gateway.getNetwork(channel).getContract('cscc').evaluateTransaction('GetConfigBlock', channel);
  } finally {
    close();
  }
}

/** The members by the first peer that tells, else by the channel's first block. @param mspIds whose peers serve */
export async function channelMembers(network: Network, mspIds: readonly string[]): Promise<ChannelMembers> {
  for (const organization of network.organizations) {
    if (!mspIds.includes(organization.mspId)) continue;
    const block = await configBlock(organization, network.topology.channel).catch(() => undefined);
    if (block) return membersOf(block);
  }
  return membersOf(readFileSync(genesisFile(network)));
}
