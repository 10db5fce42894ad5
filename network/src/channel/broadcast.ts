/** Sending an envelope to the orderers. */
import { readFileSync } from 'node:fs';
import { common, orderer } from '@hyperledger/fabric-protos';
import { tlsClient } from '../connection/gateway.js';
import { NetworkError, sentenceOf } from '../error.js';
import { credential, ordererOrganizations, type Network, type Organization } from '../state.js';

const broadcastPath = '/orderer.AtomicBroadcast/Broadcast';
const deadlineMs = 20_000;
const success = 200;

async function sendTo(organization: Organization, envelope: common.Envelope): Promise<orderer.BroadcastResponse> {
  const client = tlsClient(organization.ports.orderer, readFileSync(credential(organization, 'authorities', 'tls').certificateFile));
  try {
    return await new Promise((done, failed) => {
      const stream = client.makeBidiStreamRequest(
        broadcastPath,
        (message: common.Envelope) => Buffer.from(message.serializeBinary()),
        (bytes) => orderer.BroadcastResponse.deserializeBinary(bytes),
        { deadline: Date.now() + deadlineMs },
      );
      stream.on('data', (response: orderer.BroadcastResponse) => {
        stream.end();
        done(response);
      });
      stream.on('error', failed);
      stream.on('end', () => {
        failed(new Error('no answer'));
      });
      stream.write(envelope);
    });
  } finally {
    client.close();
  }
}

/**
 * Sends an envelope to every orderer, since with SmartBFT one alone may be the one that lies; one that takes it is enough,
 * because the ledger tells whether it was ordered.
 * @throws {NetworkError} CONFIG_REFUSED with each orderer's words when none takes it
 */
export async function broadcast(network: Network, envelope: common.Envelope): Promise<void> {
  const words: string[] = [];
  const taken = await Promise.all(
    ordererOrganizations(network).map(async (organization) => {
      try {
        const response = await sendTo(organization, envelope);
        if (response.getStatus() === success) return true;
        words.push(`  ${organization.mspId}: ${response.getInfo()} (${response.getStatus()})`);
      } catch (error) {
        words.push(`  ${organization.mspId}: ${sentenceOf(error)}`);
      }
      return false;
    }),
  );
  if (taken.includes(true)) return;
  throw new NetworkError('CONFIG_REFUSED', `No orderer took the change of the channel:\n${words.sort().join('\n')}`, 'Run fl-network status; when all is well there, run the command again.');
}
