/** Takes evidence from a running channel: all blocks from one peer, and each organization's signed word on the head. */
import { setTimeout as sleep } from 'node:timers/promises';
import { gateway as gatewayMessages, peer } from '@hyperledger/fabric-protos';
import type { GatewayConnection } from '../ledger/gateways.js';
import { blocks } from '../ledger/blocks.js';
import type { Submitter } from '../ledger/submit.js';
import type { Evidence, SignedHead } from './evidence.js';

/** A peer that lags behind the first one is asked again so many times. */
const tries = 20;
const pauseMs = 250;

/** Sends a proposal to one peer itself, not through its gateway, because only so its endorsement is seen. */
async function propose({ client, gateway }: GatewayConnection, { channel, identity, timeouts, now }: Submitter, block: number): Promise<peer.ProposalResponse> {
  const proposal = gateway.getNetwork(channel).getContract('qscc').newProposal('GetBlockByNumber', { arguments: [channel, String(block)] });
  const signed = gateway.newSignedProposal(proposal.getBytes(), await identity.signer(proposal.getDigest()));
  const message = gatewayMessages.ProposedTransaction.deserializeBinary(signed.getBytes()).getProposal() ?? new peer.SignedProposal();
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/protos.Endorser/ProcessProposal',
      (request: peer.SignedProposal) => Buffer.from(request.serializeBinary()),
      (bytes: Buffer) => peer.ProposalResponse.deserializeBinary(bytes),
      message,
      { deadline: now() + timeouts.endorseMs },
      (error, response) => {
        if (response === undefined) reject(error ?? new Error('no answer'));
        else resolve(response);
      },
    );
  });
}

async function headOf(connection: GatewayConnection, submitter: Submitter, block: number): Promise<SignedHead | undefined> {
  for (let turn = 0; turn < tries; turn++) {
    const response = await propose(connection, submitter, block).catch(() => undefined);
    if (response === undefined) return undefined;
    const endorsement = response.getEndorsement();
    if (endorsement !== undefined) {
      return { mspId: connection.peer.mspId, payload: response.getPayload_asU8(), endorser: endorsement.getEndorser_asU8(), signature: endorsement.getSignature_asU8() };
    }
    await sleep(pauseMs);
  }
  return undefined;
}

/**
 * Takes evidence of the channel up to its present height. Peers that do not answer are left out; the verification says
 * whether enough have spoken.
 * @throws CodedError UNAVAILABLE, NOT_AUTHORISED.
 */
export async function collectEvidence(submitter: Submitter): Promise<Evidence> {
  const found: Uint8Array[] = [];
  for await (const { bytes } of blocks(submitter, 0)) found.push(bytes);
  const heads = await Promise.all(submitter.gateways.connections.map((connection) => headOf(connection, submitter, found.length - 1)));
  return { channel: submitter.channel, blocks: found, heads: heads.filter((head) => head !== undefined) };
}
