/** Peers in the channel: joining it, meeting each other, and proof that a transaction would be endorsed. */
import { readFileSync } from 'node:fs';
import { common, peer as protos } from '@hyperledger/fabric-protos';
import { withPeers, type PeerConnection } from '../connection/gateway.js';
import { genesisFile } from './genesis.js';
import { operations, until } from '../nodes/health.js';
import type { Network } from '../state.js';
import { callPeer } from '../connection/system-chaincode.js';

/** Names of the channels that a peer has joined. */
async function peerChannels(connection: PeerConnection): Promise<string[]> {
  const bytes = await callPeer(connection, 'cscc', 'GetChannels', []);
  return protos.ChannelQueryResponse.deserializeBinary(bytes).getChannelsList().map((entry) => entry.getChannelId());
}

/** Takes a peer into the channel from its first block. */
export async function joinFromGenesis(network: Network, connection: PeerConnection): Promise<void> {
  await callPeer(connection, 'cscc', 'JoinChain', [readFileSync(genesisFile(network))]);
}

/** Takes a peer into the channel by a snapshot, and waits until it has read it. The peer checks every file against the snapshot's hashes. */
export async function joinFromSnapshot(connection: PeerConnection, dir: string): Promise<void> {
  const { organization } = connection;
  await callPeer(connection, 'cscc', 'JoinChainBySnapshot', [Buffer.from(dir)]);
  await until(
    `the join of ${organization.mspId} by the snapshot`,
    120_000,
    async () => !protos.JoinBySnapshotStatus.deserializeBinary(await callPeer(connection, 'cscc', 'JoinBySnapshotStatus', [])).getInProgress(),
    `Read its log with fl-network logs peer.${organization.mspId}.`,
  );
}

/** Joins every peer that is not in the channel, one after another, because peers that join at the same moment refuse each other's first call. */
export async function joinPeers(network: Network): Promise<void> {
  await withPeers(network, 'admin', async (peers) => {
    for (const connection of peers) {
      if (!(await peerChannels(connection)).includes(network.topology.channel)) await joinFromGenesis(network, connection);
    }
  });
}

/** Waits until every peer knows all others, because before that no endorsement by a majority can be planned. */
export async function untilPeersKnowEachOther(network: Network): Promise<void> {
  const others = network.organizations.length - 1;
  const gauge = new RegExp(`^gossip_membership_total_peers_known\\{channel="${network.topology.channel.replaceAll('.', '\\.')}"\\} (\\d+)`, 'm');
  await until(
    'the meeting of all peers',
    30_000,
    async () => {
      const pages = await Promise.all(network.organizations.map(async ({ ports }) => operations(ports.peerOperations, '/metrics')));
      return pages.every((page) => Number(gauge.exec(page ?? '')?.[1]) === others);
    },
    'Read the peers\' logs with fl-network logs peer.<MSP ID>.',
  );
}

/**
 * Waits until every peer, or each of those organizations, can have a transaction endorsed by a majority. The transaction asks for the contract's description
 * and is not submitted, so that nothing reaches the ledger. Before that, peers may not yet know who else has the chaincode.
 */
export async function untilEndorsed(network: Network, organizations = network.organizations): Promise<void> {
  const { channel, chaincode } = network.topology;
  await withPeers({ ...network, organizations }, 'worker', async (peers) => {
    await Promise.all(
      peers.map(async ({ gateway, organization }) => {
        const contract = gateway.getNetwork(channel).getContract(chaincode, 'org.hyperledger.fabric');
        await until(
          `an endorsement through the peer of ${organization.mspId}`,
          30_000,
          async () => {
            await contract.newProposal('GetMetadata').endorse();
            return true;
          },
          `Read its log and its chaincode's with fl-network logs peer.${organization.mspId} and fl-network logs chaincode.${organization.mspId}.`,
        );
      }),
    );
  });
}

/** Number of blocks a peer holds. */
export async function ledgerHeight({ gateway }: PeerConnection, channel: string): Promise<number> {
  const bytes = await gateway.getNetwork(channel).getContract('qscc').evaluateTransaction('GetChainInfo', channel);
  return common.BlockchainInfo.deserializeBinary(bytes).getHeight();
}
