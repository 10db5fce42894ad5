/** The configuration that is in force, as the ledger has it: asked from a peer and taken apart. */
import { common } from '@hyperledger/fabric-protos';
import type { PeerLink } from '../connection/gateway.js';
import './bounded-messages.js';
import { callPeer } from '../connection/system-chaincode.js';
import { NetworkError } from '../error.js';
import { decodeTree, type ConfigTree } from './config-tree.js';

/** A configuration with the block that brought it. */
export interface Configuration {
  readonly blockNumber: number;
  /** The whole block, with which an orderer can join. */
  readonly block: Uint8Array;
  /** Counts the configurations of the channel, from 0 in its first block. */
  readonly sequence: number;
  readonly tree: ConfigTree;
}

/**
 * Takes a configuration block apart.
 * @throws {NetworkError} CONFIG_REFUSED when it holds no configuration
 */
export function readConfigBlock(bytes: Uint8Array): Configuration {
  const remedy = 'Ask another peer.';
  try {
    const block = common.Block.deserializeBinary(bytes);
    const [data] = block.getData()?.getDataList_asU8() ?? [];
    const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(data ?? new Uint8Array()).getPayload_asU8());
    const config = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8()).getConfig();
    const group = config?.getChannelGroup();
    if (!config || !group) throw new NetworkError('CONFIG_REFUSED', 'The block holds no configuration.', remedy);
    return { blockNumber: block.getHeader()?.getNumber() ?? 0, block: bytes, sequence: config.getSequence(), tree: decodeTree(group) };
  } catch (error) {
    throw error instanceof NetworkError ? error : new NetworkError('CONFIG_REFUSED', 'The bytes are no block of a configuration.', remedy, error);
  }
}

/** The configuration that a peer goes by. */
export async function latestConfiguration(peer: PeerLink, channel: string): Promise<Configuration> {
  return readConfigBlock(await callPeer(peer, 'cscc', 'GetConfigBlock', [Buffer.from(channel)]));
}
