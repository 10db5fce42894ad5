/** One transaction of a block, unwrapped: who sent it, what was asked, what was read and written, who endorsed that. */
import { createHash } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { readParty, type Party } from './organizations.js';
import { readReadWriteSet, type NamespaceSet } from './read-write-set.js';

/** The types of transactions that a channel of Fabric 3 holds (common.HeaderType). */
const headerType = { config: 1, endorser: 3 } as const;

/** A signature of a peer over what the chaincode did. */
export interface Endorsement {
  readonly endorser: Party;
  /** What was signed: the response payload, then the serialized endorser. */
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** What both kinds of transactions have. */
interface Envelope {
  readonly channel: string;
  readonly txId: string;
  /** The client's timestamp, ms since 1970 UTC: the one that chaincode sees. */
  readonly time: number;
  readonly creator: Party;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** Faults of form, in Fabric's order of checks; a transaction with any is never valid. */
  readonly faults: readonly string[];
}

export interface ConfigTransaction extends Envelope {
  readonly kind: 'config';
  /** Serialized `common.ConfigEnvelope`. */
  readonly config: Uint8Array;
}

export interface EndorserTransaction extends Envelope {
  readonly kind: 'endorser';
  readonly chaincode: string;
  /** Name of the transaction and its arguments, as the client gave them. */
  readonly args: readonly Uint8Array[];
  readonly endorsements: readonly Endorsement[];
  readonly sets: readonly NamespaceSet[];
}

export type Transaction = ConfigTransaction | EndorserTransaction;

const hash = (...parts: Uint8Array[]): Buffer => parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest();
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** What a peer answered to a proposal, and what of it is signed. */
function readAction(action: peer.ChaincodeEndorsedAction): { response: peer.ProposalResponsePayload; done: peer.ChaincodeAction; endorsements: Endorsement[] } {
  const bytes = action.getProposalResponsePayload_asU8();
  const response = peer.ProposalResponsePayload.deserializeBinary(bytes);
  const endorsements = action.getEndorsementsList().map((entry) => {
    const endorser = entry.getEndorser_asU8();
    return { endorser: readParty(endorser), message: Buffer.concat([bytes, endorser]), signature: entry.getSignature_asU8() };
  });
  return { response, done: peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()), endorsements };
}

function readEndorser(envelope: Omit<Envelope, 'faults'>, header: common.Header, channelHeader: common.ChannelHeader, data: Uint8Array, faults: string[]): EndorserTransaction {
  const actions = peer.Transaction.deserializeBinary(data).getActionsList();
  const [action] = actions;
  if (action === undefined || actions.length !== 1) throw new Error(`${actions.length} actions where Fabric has one`);
  const payload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const { response, done, endorsements } = readAction(payload.getAction() ?? new peer.ChaincodeEndorsedAction());
  const asked = payload.getChaincodeProposalPayload_asU8();
  // protoutil.GetProposalHash2: what was endorsed is what was asked.
  if (!same(hash(header.getChannelHeader_asU8(), action.getHeader_asU8(), asked), response.getProposalHash_asU8())) faults.push('the proposal hash is another');
  const chaincode = done.getChaincodeId()?.getName() ?? '';
  const named = peer.ChaincodeHeaderExtension.deserializeBinary(channelHeader.getExtension_asU8()).getChaincodeId()?.getName();
  if (chaincode === '' || named !== chaincode) faults.push('header and action name different chaincodes');
  const input = peer.ChaincodeInvocationSpec.deserializeBinary(peer.ChaincodeProposalPayload.deserializeBinary(asked).getInput_asU8());
  const args = input.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
  return { kind: 'endorser', ...envelope, faults, chaincode, args, endorsements, sets: readReadWriteSet(done.getResults_asU8()) };
}

/** Milliseconds of a protobuf timestamp, as the chaincode's own library reads it: what is below a millisecond is cut off. */
const millis = (timestamp: unknown): number => (timestamp as { toDate(): Date } | undefined)?.toDate().getTime() ?? 0;

/** Reads a transaction. @throws Error when the bytes are none of the two kinds. */
export function readTransaction(bytes: Uint8Array): Transaction {
  const message = common.Envelope.deserializeBinary(bytes);
  const payloadBytes = message.getPayload_asU8();
  const payload = common.Payload.deserializeBinary(payloadBytes);
  const header = payload.getHeader() ?? new common.Header();
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const [creator, nonce] = [signatureHeader.getCreator_asU8(), signatureHeader.getNonce_asU8()];
  const txId = channelHeader.getTxId();
  const envelope = {
    channel: channelHeader.getChannelId(),
    txId,
    time: millis(channelHeader.getTimestamp()),
    creator: readParty(creator),
    payload: payloadBytes,
    signature: message.getSignature_asU8(),
  };
  const data = payload.getData_asU8();
  const type: number = channelHeader.getType();
  if (type === headerType.config) return { kind: 'config', ...envelope, faults: [], config: data };
  if (type !== headerType.endorser) throw new Error(`type ${type} is no transaction of Fabric 3`);
  const faults = hash(nonce, creator).toString('hex') === txId ? [] : ['the transaction ID is not the hash of nonce and creator'];
  return readEndorser(envelope, header, channelHeader, data, faults);
}

/**
 * Tells whether an envelope is in its one encoding. The data hash covers all envelopes without their borders; this rule keeps
 * somebody from moving them (protoutil.VerifyTransactionsAreWellFormed).
 */
export const isWellFormed = (bytes: Uint8Array): boolean => {
  const envelope = common.Envelope.deserializeBinary(bytes);
  return envelope.getPayload_asU8().length > 0 && envelope.getSignature_asU8().length > 0 && same(envelope.serializeBinary(), bytes);
};
