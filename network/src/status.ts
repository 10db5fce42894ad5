/** What runs, and whether it serves. */
import { existsSync } from 'node:fs';
import { readDeployment, type Deployment } from './nodes/deployment.js';
import { connectPeer } from './connection/gateway.js';
import { genesisDigest, genesisFile } from './channel/genesis.js';
import { answersTls, operations } from './nodes/health.js';
import { nodesOf, type NetworkNode } from './nodes/nodes.js';
import type { NetworkOptions } from './options.js';
import { ordererChannel } from './channel/orderer-channel.js';
import { ledgerHeight } from './channel/peer-channel.js';
import { runningPid } from './nodes/process.js';
import { openState, type Network } from './state.js';

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

const probeMs = 2000;

/** Asks a node that runs; a throw means that it does not serve. */
async function probe(network: Network, { kind, organization, port, operationsPort }: NetworkNode): Promise<Pick<ProcessStatus, 'health' | 'height' | 'relation'>> {
  const isServing = operationsPort === undefined ? await answersTls(organization, port, probeMs) : (await operations(operationsPort, '/healthz')) !== undefined;
  if (!isServing) return { health: 'not serving' };
  if (kind === 'orderer') {
    const channel = await ordererChannel(network, organization);
    return channel ? { health: 'serving', relation: channel.consensusRelation, height: channel.height } : { health: 'not serving', relation: 'not in the channel' };
  }
  if (kind === 'chaincode') return { health: 'serving' };
  const connection = connectPeer(organization, 'admin');
  try {
    return { health: 'serving', height: await ledgerHeight(connection, network.topology.channel) };
  } finally {
    connection.close();
  }
}

async function statusOf(network: Network, node: NetworkNode): Promise<ProcessStatus> {
  const { name, port } = node;
  const pid = runningPid(network, name);
  if (pid === undefined) return { name, port, health: 'stopped' };
  return { name, pid, port, ...(await probe(network, node).catch(() => ({ health: 'not serving' as const }))) };
}

/**
 * Asks every process of a network how it is.
 * @throws {NetworkError} STATE_MISSING
 */
export async function status({ stateDir, topology }: NetworkOptions): Promise<NetworkStatus> {
  const network = openState(stateDir, topology);
  const chaincode = readDeployment(network);
  const processes = await Promise.all(nodesOf(network).map(async (node) => statusOf(network, node)));
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
