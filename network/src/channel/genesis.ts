/** The first block of the channel: made once by configtxgen, known to all by the digest of its header. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { common } from '@hyperledger/fabric-protos';
import { stringify } from 'yaml';
import { channelConfig, profileName } from './channel-config.js';
import { derInteger, derOctets, derSequence } from '../connection/der.js';
import { NetworkError } from '../error.js';
import { writeWhole, type Network } from '../state.js';

/** Where the block's bytes lie. */
export function genesisFile(network: Network): string {
  return join(network.dir, 'genesis.block');
}

/**
 * Makes the first block, once.
 * @throws {NetworkError} PROCESS_FAILED with configtxgen's last words
 */
export async function makeGenesis(network: Network, configtxgen: string): Promise<void> {
  const block = genesisFile(network);
  if (existsSync(block)) return;
  const config = join(network.dir, 'configtx');
  mkdirSync(config, { recursive: true });
  writeWhole(join(config, 'configtx.yaml'), stringify(channelConfig(network), { aliasDuplicateObjects: false }));
  const partial = `${block}.partial`;
  try {
    const options = { env: { FABRIC_CFG_PATH: config } };
    await promisify(execFile)(configtxgen, ['-profile', profileName, '-channelID', network.topology.channel, '-outputBlock', partial], options);
  } catch (error) {
    const words = String((error as { stderr?: unknown }).stderr ?? error).trim().split('\n').slice(-3).join('\n');
    throw new NetworkError('PROCESS_FAILED', `configtxgen failed:\n${words}`, 'Correct what the lines above name; FABRIC_BIN or PATH may hold another Fabric than 3.1.', error);
  }
  renameSync(partial, block);
}

/** SHA-256 over the ASN.1 of a block's header, which the next block holds as `previous_hash` (Fabric, protoutil/blockutils.go). */
export function headerDigest(number: number, previousHash: Uint8Array, dataHash: Uint8Array): string {
  const header = derSequence(derInteger(BigInt(number)), derOctets(previousHash), derOctets(dataHash));
  return `sha256:${createHash('sha256').update(header).digest('hex')}`;
}

/** The digest by which studies name this channel. */
export function genesisDigest(network: Network): string {
  const header = common.Block.deserializeBinary(readFileSync(genesisFile(network))).getHeader();
  if (!header) throw new NetworkError('STATE_MISSING', `${genesisFile(network)} holds no block.`, 'Remove the state with fl-network clean --confirm.');
  return headerDigest(header.getNumber(), header.getPreviousHash_asU8(), header.getDataHash_asU8());
}
