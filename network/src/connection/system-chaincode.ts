/** Calls to a peer's system chaincodes outside any channel, which the gateway service does not carry. */
import { peer as protos } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';
import type { PeerConnection } from './gateway.js';

const processProposal = '/protos.Endorser/ProcessProposal';
const deadlineMs = 60_000;

/**
 * Sends a signed proposal without a channel straight to the peer's endorser and gives back the payload of its answer.
 * @throws {NetworkError} PEER_REFUSED with the peer's words
 */
export async function callPeer({ gateway, client, sign, organization }: PeerConnection, chaincode: string, transaction: string, args: readonly Uint8Array[]): Promise<Uint8Array> {
  // The gateway builds the proposal; without a hash its digest is the proposal itself.
  const proposal = gateway.getNetwork('').getContract(chaincode).newProposal(transaction, { arguments: [...args] }).getDigest();
  const signed = new protos.SignedProposal();
  signed.setProposalBytes(proposal);
  signed.setSignature(await sign(proposal));
  const answer = await new Promise<protos.ProposalResponse | undefined>((done, failed) => {
    client.makeUnaryRequest(
      processProposal,
      (message: protos.SignedProposal) => Buffer.from(message.serializeBinary()),
      (bytes) => protos.ProposalResponse.deserializeBinary(bytes),
      signed,
      { deadline: Date.now() + deadlineMs },
      (error, response) => {
        if (error) failed(error);
        else done(response);
      },
    );
  });
  const response = answer?.getResponse();
  if (response?.getStatus() === 200) return response.getPayload_asU8();
  throw new NetworkError('PEER_REFUSED', `The peer of ${organization.mspId} refused ${transaction}: ${response?.getMessage() ?? 'no answer'}`, `Read its log with fl-network logs peer.${organization.mspId}.`);
}
