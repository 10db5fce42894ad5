/** Snapshots of a peer's ledger, made by the peer itself: what a peer needs to join without the blocks before. */
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { common, msp, peer as protos } from '@hyperledger/fabric-protos';
import { z } from 'zod';
import { connectPeer, type PeerConnection } from '../connection/gateway.js';
import { NetworkError } from '../error.js';
import { until } from '../nodes/health.js';
import { nodeOf } from '../nodes/nodes.js';
import type { NetworkOptions } from '../options.js';
import { silent, timed } from '../progress.js';
import { ledgerDir, openState, organizationOf, type Network, type Organization } from '../state.js';
import { ledgerHeight } from './peer-channel.js';

/** A snapshot that is whole. Peers of equal state give equal `hash`, whoever made it. */
export interface Snapshot {
  /** Absolute folder of its files. */
  readonly dir: string;
  readonly channel: string;
  /** Number of the last block that it stands for. */
  readonly block: number;
  /** SHA-256 (hex) of the metadata, which hold the last block's hash and the hash of every file. */
  readonly hash: string;
}

const signable = z.object({ channel_name: z.string(), last_block_number: z.number() });
const additional = z.object({ snapshot_hash: z.string().regex(/^[0-9a-f]{64}$/) });

/**
 * Reads what a snapshot says of itself. The peer that joins by it checks every file against these hashes.
 * @throws {NetworkError} SNAPSHOT_INVALID when the folder holds none
 */
export function readSnapshot(folder: string): Snapshot {
  const dir = resolve(folder);
  const read = <T>(name: string, schema: z.ZodType<T>): T => schema.parse(JSON.parse(readFileSync(join(dir, name), 'utf8')));
  try {
    const { channel_name: channel, last_block_number: block } = read('_snapshot_signable_metadata.json', signable);
    return { dir, channel, block, hash: read('_snapshot_additional_metadata.json', additional).snapshot_hash };
  } catch (error) {
    throw new NetworkError('SNAPSHOT_INVALID', `${dir} holds no snapshot of a peer.`, 'Name a folder that fl-network snapshot take has written.', error);
  }
}

/** Tells a peer to make a snapshot of the last block that it has committed. */
async function generate({ organization, gateway, client, sign }: PeerConnection, channel: string): Promise<void> {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(organization.mspId);
  creator.setIdBytes(gateway.getIdentity().credentials);
  const header = new common.SignatureHeader();
  header.setCreator(creator.serializeBinary());
  header.setNonce(randomBytes(24));
  const request = new protos.SnapshotRequest();
  request.setSignatureHeader(header);
  request.setChannelId(channel);
  const signed = new protos.SignedSnapshotRequest();
  signed.setRequest(request.serializeBinary());
  signed.setSignature(await sign(request.serializeBinary()));
  await new Promise<void>((done, failed) => {
    const serialize = (message: protos.SignedSnapshotRequest): Buffer => Buffer.from(message.serializeBinary());
    client.makeUnaryRequest('/protos.Snapshot/Generate', serialize, () => undefined, signed, { deadline: Date.now() + 10_000 }, (error) => {
      if (error) failed(new NetworkError('PEER_REFUSED', `The peer of ${organization.mspId} refused to make a snapshot: ${error.details}`, `Read its log with fl-network logs peer.${organization.mspId}.`, error));
      else done();
    });
  });
}

/** The newest snapshot that a peer has completed, of at least a block. */
function newest(network: Network, organization: Organization, least: number): Snapshot | undefined {
  const dir = join(ledgerDir(network, nodeOf(organization, 'peer').name), 'snapshots', 'completed', network.topology.channel);
  const block = existsSync(dir) ? Math.max(...readdirSync(dir).map(Number)) : -1;
  return block >= least ? readSnapshot(join(dir, String(block))) : undefined;
}

export interface TakeOptions extends NetworkOptions {
  /** Whose peer makes it. */
  readonly mspId: string;
  /** Folder to copy it to, which must not exist; absent, it stays with the peer and goes when the peer is reset. */
  readonly out?: string;
}

/**
 * Has a running peer make a snapshot of its present state, or gives the one that it has of it.
 * @throws {NetworkError} STATE_MISSING, USAGE, PEER_REFUSED, NOT_HEALTHY
 */
export async function takeSnapshot({ stateDir, topology, mspId, out, report = silent }: TakeOptions): Promise<Snapshot> {
  const network = openState(stateDir, topology);
  const organization = organizationOf(network, mspId);
  if (out !== undefined && existsSync(out)) throw new NetworkError('USAGE', `${resolve(out)} exists.`, 'Name a folder that does not.');
  const connection = connectPeer(organization, 'admin');
  try {
    return await timed(report, `Snapshot of ${mspId}`, async () => {
      const last = (await ledgerHeight(connection, network.topology.channel)) - 1;
      if (newest(network, organization, last) === undefined) await generate(connection, network.topology.channel);
      const done = async (): Promise<boolean> => Promise.resolve(newest(network, organization, last) !== undefined);
      await until(`the snapshot of ${mspId}`, 120_000, done, `Read its log with fl-network logs peer.${mspId}.`);
      const snapshot = newest(network, organization, last) as Snapshot;
      if (out === undefined) return snapshot;
      cpSync(snapshot.dir, out, { recursive: true });
      return readSnapshot(out);
    });
  } finally {
    connection.close();
  }
}
