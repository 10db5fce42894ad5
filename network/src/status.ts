/** What runs, and whether it serves. */
import { existsSync } from 'node:fs';
import { withPeers, type PeerConnection } from './gateway.js';
import { genesisDigest, genesisFile } from './genesis.js';
import { answersTls, operations } from './health.js';
import { chaincodeName, ordererName, peerName, readDeployment, type Deployment } from './nodes.js';
import type { NetworkOptions } from './options.js';
import { ordererChannel } from './orderer-channel.js';
import { ledgerHeight } from './peer-channel.js';
import { runningPid } from './process.js';
import { openState, ordererOrganizations, type Network } from './state.js';

/** One process. `height` counts blocks; `relation` is an orderer's part in the channel, `consenter` when it votes. */
export interface ProcessStatus {
  readonly name: string;
  readonly pid?: number;
  readonly port: number;
  readonly health: 'serving' | 'not serving' | 'stopped';
  readonly height?: number;
  readonly relation?: string;
}

export interface NetworkStatus {
  /** Whether every process serves and every orderer votes. */
  readonly healthy: boolean;
  readonly stateDir: string;
  readonly channel: string;
  readonly consensus: 'bft' | 'raft';
  readonly genesis?: string;
  readonly chaincode?: Deployment;
  readonly processes: readonly ProcessStatus[];
}

type Probe = () => Promise<{ serving: boolean; height?: number; relation?: string }>;

async function statusOf(network: Network, name: string, port: number, probe: Probe): Promise<ProcessStatus> {
  const pid = runningPid(network, name);
  if (pid === undefined) return { name, port, health: 'stopped' };
  const { serving, ...rest } = await probe().catch(() => ({ serving: false }));
  return { name, pid, port, health: serving ? 'serving' : 'not serving', ...rest };
}

const isHealthy = async (operationsPort: number): Promise<boolean> => (await operations(operationsPort, '/healthz')) !== undefined;

async function peerStatus(network: Network, connection: PeerConnection): Promise<ProcessStatus> {
  const { ports } = connection.organization;
  return statusOf(network, peerName(connection.organization), ports.peer, async () => {
    if (!(await isHealthy(ports.peerOperations))) return { serving: false };
    return { serving: true, height: await ledgerHeight(connection, network.topology.channel) };
  });
}

/**
 * Asks every process of a network how it is.
 * @throws {NetworkError} STATE_MISSING
 */
export async function status({ stateDir, topology }: NetworkOptions): Promise<NetworkStatus> {
  const network = openState(stateDir, topology);
  const chaincode = readDeployment(network);
  const orderers = ordererOrganizations(network).map(async (organization) => {
    const { orderer, ordererOperations } = organization.ports;
    return statusOf(network, ordererName(organization), orderer, async () => {
      if (!(await isHealthy(ordererOperations))) return { serving: false };
      const channel = await ordererChannel(network, organization);
      return { serving: channel !== undefined, relation: channel?.consensusRelation ?? 'not in the channel', ...(channel ? { height: channel.height } : {}) };
    });
  });
  const chaincodes = chaincode
    ? network.organizations.map(async (organization) => {
        const port = organization.ports.chaincode;
        return statusOf(network, chaincodeName(organization), port, async () => ({ serving: await answersTls(organization, port, 2000) }));
      })
    : [];
  const peers = withPeers(network, 'admin', async (connections) => Promise.all(connections.map(async (connection) => peerStatus(network, connection))));
  const processes = [...(await Promise.all(orderers)), ...(await peers), ...(await Promise.all(chaincodes))];
  return {
    healthy: processes.every(({ health, relation }) => health === 'serving' && (relation ?? 'consenter') === 'consenter'),
    stateDir: network.dir,
    channel: network.topology.channel,
    consensus: network.topology.consensus,
    ...(existsSync(genesisFile(network)) ? { genesis: genesisDigest(network) } : {}),
    ...(chaincode ? { chaincode } : {}),
    processes,
  };
}
