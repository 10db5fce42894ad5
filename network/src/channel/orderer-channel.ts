/** Orderers in the channel: joining it, and proof that each really votes. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { postQuantumOnly } from '../connection/post-quantum.js';
import { NetworkError } from '../error.js';
import { genesisFile } from './genesis.js';
import { credential, ordererOrganizations, type Network, type Organization } from '../state.js';

/** What an orderer says about its part in the channel. */
export interface OrdererChannel {
  readonly status: string;
  /** `consenter` for one that votes. */
  readonly consensusRelation: string;
  /** Number of blocks it holds. */
  readonly height: number;
}

async function ordererAdmin(organization: Organization, method: 'GET' | 'POST', path: string, body?: { type: string; bytes: Buffer }): Promise<{ status: number; text: string }> {
  const { certificateFile, privateKeyFile } = credential(organization, 'tls', 'admin');
  return new Promise((done, failed) => {
    const call = request(
      {
        host: 'localhost',
        port: organization.ports.ordererAdmin,
        path: `/participation/v1/channels${path}`,
        method,
        timeout: 10_000,
        agent: false,
        ...postQuantumOnly,
        ca: readFileSync(credential(organization, 'authorities', 'tls').certificateFile),
        cert: readFileSync(certificateFile),
        key: readFileSync(privateKeyFile),
        ...(body ? { headers: { 'content-type': body.type, 'content-length': body.bytes.length } } : {}),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          done({ status: response.statusCode ?? 0, text });
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', failed);
    call.end(body?.bytes);
  });
}

/** An orderer's part in the channel, undefined when it has not joined. */
export async function ordererChannel(network: Network, organization: Organization): Promise<OrdererChannel | undefined> {
  const { status, text } = await ordererAdmin(organization, 'GET', `/${network.topology.channel}`);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`the orderer answered ${status}: ${text}`);
  const { status: state, consensusRelation, height } = JSON.parse(text) as { status: string; consensusRelation: string; height: number };
  return { status: state, consensusRelation, height };
}

/** Joins an orderer to the channel unless it is there: with the first block, or with the block of the configuration in force. */
export async function joinOrderer(network: Network, organization: Organization, block: Uint8Array = readFileSync(genesisFile(network))): Promise<void> {
  if (await ordererChannel(network, organization)) return;
  const boundary = 'epione-genesis-block';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="config-block"; filename="genesis.block"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), block, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const { status, text } = await ordererAdmin(organization, 'POST', '', { type: `multipart/form-data; boundary=${boundary}`, bytes });
  if (status !== 201) throw new NetworkError('NOT_HEALTHY', `The orderer of ${organization.mspId} refused to join the channel (${status}): ${text.trim()}`, `Read its log with fl-network logs orderer.${organization.mspId}.`);
}

/**
 * Joins every orderer and asserts that each is a consenter.
 * @throws {NetworkError} ORDERER_NOT_CONSENTER for one that only follows: it would not vote, and nothing else would say so
 */
export async function joinOrderers(network: Network): Promise<void> {
  const orderers = ordererOrganizations(network);
  await Promise.all(orderers.map(async (organization) => joinOrderer(network, organization)));
  for (const organization of orderers) {
    // One that is on the way in follows until its admission is done.
    if (organization.mspId === network.joining?.mspId) continue;
    const channel = await ordererChannel(network, organization);
    if (channel?.consensusRelation === 'consenter') continue;
    throw new NetworkError(
      'ORDERER_NOT_CONSENTER',
      `The orderer of ${organization.mspId} is ${channel?.consensusRelation ?? 'not in the channel'} and does not vote.`,
      'Its certificate differs from the one in the channel. A renewal that was cut off is finished by fl-network certificates renew.',
    );
  }
}
