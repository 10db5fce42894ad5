/** Whom the channel's configuration knows: organizations with their roots, and consenters with their certificates. */
import { readFileSync } from 'node:fs';
import { common, msp } from '@hyperledger/fabric-protos';
import { latestConfiguration, readConfigBlock } from '../channel/config-block.js';
import type { ConfigTree } from '../channel/config-tree.js';
import { genesisFile } from '../channel/genesis.js';
import { connectPeer } from '../connection/gateway.js';
import type { Network, Organization } from '../state.js';

/** Certificates are PEM. */
export interface ChannelMembers {
  /** Whether this is the configuration in force, as a peer told it; else it is the channel's first, which may have changed. */
  readonly inForce: boolean;
  readonly organizations: ReadonlyMap<string, { readonly roots: readonly string[]; readonly hasNodeUnits: boolean }>;
  /** By MSP ID; empty with Raft, whose consenters are known by their TLS certificates. */
  readonly consenters: ReadonlyMap<string, string>;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const contentOf = (tree: ConfigTree | undefined, name: string): Uint8Array => tree?.values.get(name)?.content ?? new Uint8Array();

function membersOf({ groups }: ConfigTree, inForce: boolean): ChannelMembers {
  const organizations = [...(groups.get('Application')?.groups ?? [])].map(([mspId, group]) => {
    const config = msp.FabricMSPConfig.deserializeBinary(msp.MSPConfig.deserializeBinary(contentOf(group, 'MSP')).getConfig_asU8());
    return [mspId, { roots: config.getRootCertsList_asU8().map(text), hasNodeUnits: config.getFabricNodeOus()?.getEnable() ?? false }] as const;
  });
  const consenters = common.Orderers.deserializeBinary(contentOf(groups.get('Orderer'), 'Orderers')).getConsenterMappingList();
  return { inForce, organizations: new Map(organizations), consenters: new Map(consenters.map((entry) => [entry.getMspId(), text(entry.getIdentity_asU8())])) };
}

async function askPeer(organization: Organization, channel: string): Promise<ChannelMembers> {
  const connection = connectPeer(organization, 'admin');
  try {
    return membersOf((await latestConfiguration(connection, channel)).tree, true);
  } finally {
    connection.close();
  }
}

/** The members as the first peer tells that can, else as of the channel's first block. @param mspIds whose peers serve */
export async function channelMembers(network: Network, mspIds: readonly string[]): Promise<ChannelMembers> {
  for (const organization of network.organizations) {
    if (!mspIds.includes(organization.mspId)) continue;
    const members = await askPeer(organization, network.topology.channel).catch(() => undefined);
    if (members) return members;
  }
  return membersOf(readConfigBlock(readFileSync(genesisFile(network))).tree, false);
}
