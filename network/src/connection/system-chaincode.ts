/** Calls to one peer itself: outside any channel, or where the gateway would choose a peer. */
import { peer as protos } from '@hyperledger/fabric-protos';
import { NetworkError } from '../error.js';
import type { PeerLink } from './gateway.js';
import { remedyOfRefusal } from './post-quantum.js';

const processProposal = '/protos.Endorser/ProcessProposal';
const deadlineMs = 60_000;

/**
 * Sends a signed proposal straight to the peer's endorser and gives back the payload of its answer.
 * @param channel none for what a peer does by itself, such as joining and installing
 * @throws {NetworkError} PEER_REFUSED with the peer's words, NOT_HEALTHY when it cannot be reached
 */
export async function callPeer({ gateway, client, sign, mspId, endpoint }: PeerLink, chaincode: string, transaction: string, args: readonly Uint8Array[], channel = ''): Promise<Uint8Array> {
  // The gateway builds the proposal; without a hash its digest is the proposal itself.
  const proposal = gateway.getNetwork(channel).getContract(chaincode).newProposal(transaction, { arguments: [...args] }).getDigest();
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
        if (error) failed(new NetworkError('NOT_HEALTHY', `The peer ${endpoint} of ${mspId} does not serve ${transaction}: ${error.details}`, remedyOfRefusal(error.details) ?? 'See that it runs, and that its address and its TLS authority are right.', error));
        else done(response);
      },
    );
  });
  const response = answer?.getResponse();
  if (response?.getStatus() === 200) return response.getPayload_asU8();
  throw new NetworkError('PEER_REFUSED', `The peer of ${mspId} refused ${transaction}: ${response?.getMessage() ?? 'no answer'}`, `Read its log; on this machine: fl-network logs peer.${mspId}.`);
}
