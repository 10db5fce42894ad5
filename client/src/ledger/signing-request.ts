/** What is to be signed where the key is, as a JSON document that the signing side can check without a connection. */
import { createHash } from 'node:crypto';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';
import { parse } from '@epione/protocol';
import { z } from 'zod';
import { UsageError } from './faults.js';

const base64 = z.base64().min(4);

const signingRequest = z.strictObject({
  version: z.literal(1),
  /** A transaction needs three signatures of its client: to have it endorsed, to have it ordered, to ask what became of it. */
  step: z.enum(['proposal', 'transaction', 'commit']),
  channel: z.string().min(1),
  mspId: z.string().min(1),
  txId: z.string().regex(/^[0-9a-f]{64}$/),
  /** Name of the transaction and its arguments as text; empty where only the ID is signed. */
  call: z.array(z.string()),
  /** What is signed: ECDSA with SHA-256 over these bytes, DER. */
  message: base64,
  /** SHA-256 of the message, hex: for devices that sign digests. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The gateway's message around it, which the signature completes. */
  bytes: base64,
});

/** A request for one signature. */
export type SigningRequest = z.infer<typeof signingRequest>;

type Contents = Pick<SigningRequest, 'channel' | 'mspId' | 'txId' | 'call'> & { readonly message: Uint8Array };

/** Channel, client and ID in a transaction's header. */
function headerOf(header: common.Header | undefined): Pick<Contents, 'channel' | 'mspId' | 'txId'> {
  const channelHeader = common.ChannelHeader.deserializeBinary(header?.getChannelHeader_asU8() ?? new Uint8Array());
  const creator = common.SignatureHeader.deserializeBinary(header?.getSignatureHeader_asU8() ?? new Uint8Array()).getCreator_asU8();
  return { channel: channelHeader.getChannelId(), txId: channelHeader.getTxId(), mspId: msp.SerializedIdentity.deserializeBinary(creator).getMspid() };
}

/** Name and arguments in a serialized `peer.ChaincodeProposalPayload`. */
function callOf(bytes: Uint8Array): string[] {
  const input = peer.ChaincodeInvocationSpec.deserializeBinary(peer.ChaincodeProposalPayload.deserializeBinary(bytes).getInput_asU8());
  return (input.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? []).map((argument) => Buffer.from(argument).toString('utf8'));
}

const readers: Readonly<Record<SigningRequest['step'], (bytes: Uint8Array) => Contents>> = {
  proposal: (bytes) => {
    const message = gateway.ProposedTransaction.deserializeBinary(bytes).getProposal()?.getProposalBytes_asU8() ?? new Uint8Array();
    const proposal = peer.Proposal.deserializeBinary(message);
    return { ...headerOf(common.Header.deserializeBinary(proposal.getHeader_asU8())), call: callOf(proposal.getPayload_asU8()), message };
  },
  transaction: (bytes) => {
    const message = gateway.PreparedTransaction.deserializeBinary(bytes).getEnvelope()?.getPayload_asU8() ?? new Uint8Array();
    const payload = common.Payload.deserializeBinary(message);
    const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
    const asked = peer.ChaincodeActionPayload.deserializeBinary(action?.getPayload_asU8() ?? new Uint8Array()).getChaincodeProposalPayload_asU8();
    return { ...headerOf(payload.getHeader()), call: callOf(asked), message };
  },
  commit: (bytes) => {
    const message = gateway.SignedCommitStatusRequest.deserializeBinary(bytes).getRequest_asU8();
    const request = gateway.CommitStatusRequest.deserializeBinary(message);
    return { channel: request.getChannelId(), txId: request.getTransactionId(), mspId: msp.SerializedIdentity.deserializeBinary(request.getIdentity_asU8()).getMspid(), call: [], message };
  },
};

/** The request for the signature that a message of the gateway needs. */
export function signingRequestFor(step: SigningRequest['step'], bytes: Uint8Array): SigningRequest {
  const { message, ...rest } = readers[step](bytes);
  return { version: 1, step, ...rest, message: Buffer.from(message).toString('base64'), sha256: createHash('sha256').update(message).digest('hex'), bytes: Buffer.from(bytes).toString('base64') };
}

/**
 * Reads a request that was JSON. What it says of itself is derived from its bytes again, so that who signs sees what is signed.
 * @throws CodedError BAD_FIELD with all faults of form; UsageError when it is not what its bytes are.
 */
export function readSigningRequest(value: unknown): SigningRequest {
  const request = parse(signingRequest, value, 'signingRequest');
  let derived: SigningRequest;
  try {
    derived = signingRequestFor(request.step, Buffer.from(request.bytes, 'base64'));
  } catch (cause) {
    throw new UsageError(`the bytes of the signing request are no ${request.step}`, { cause });
  }
  const wrong = (Object.keys(derived) as (keyof SigningRequest)[]).filter((name) => JSON.stringify(derived[name]) !== JSON.stringify(request[name]));
  if (wrong.length > 0) throw new UsageError(`the signing request is not what its bytes are: ${wrong.join(', ')}`);
  return request;
}
