/** Sending an envelope to the orderers. */
import { readFileSync } from 'node:fs';
import { common, orderer } from '@hyperledger/fabric-protos';
import { tlsClient } from '../connection/gateway.js';
import { sentenceOf } from '../error.js';
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

/** What the orderers answered together. */
export interface BroadcastAnswer {
  /** Whether one of them took it. */
  readonly isTaken: boolean;
  /** Whether one of them refused it for what it is, and not for the state that the orderers are in. */
  readonly isRefused: boolean;
  /** What those said that did not take it, one line each. */
  readonly words: string;
}

/**
 * Sends an envelope to every orderer, since with SmartBFT one alone may be the one that lies; one that takes it is enough,
 * because the ledger tells whether it was ordered.
 */
export async function broadcast(network: Network, envelope: common.Envelope): Promise<BroadcastAnswer> {
  const answers = await Promise.all(
    ordererOrganizations(network).map(async (organization) => {
      try {
        const response = await sendTo(organization, envelope);
        return { status: response.getStatus(), words: `  ${organization.mspId}: ${response.getInfo()} (${response.getStatus()})` };
      } catch (error) {
        return { status: undefined, words: `  ${organization.mspId}: ${sentenceOf(error)}` };
      }
    }),
  );
  return {
    isTaken: answers.some(({ status }) => status === success),
    isRefused: answers.some(({ status }) => status !== undefined && status >= 400 && status < 500),
    words: answers.filter(({ status }) => status !== success).map(({ words }) => words).join('\n'),
  };
}
