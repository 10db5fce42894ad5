/** A gateway service over real gRPC whose answers a test decides: the edge at which tests of the SDK pretend. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Client, credentials, Metadata, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { announcementEnvelope, encodeCanonical, type Announcement } from '@epione/protocol';
import { defaultTimeouts, Gateways, type Identity, type Timeouts } from '../ledger/gateways.js';
import { nativeSigner } from '../ledger/signer.js';
import type { Submitter } from '../ledger/submit.js';

/** A refusal: gRPC status, text, and what each peer said. */
export class Refusal extends Error {
  readonly code: number;
  readonly details: readonly { readonly mspId: string; readonly address: string; readonly message: string }[];

  constructor(code: number, message: string, details: Refusal['details'] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** What the service does; each call is also counted. */
export interface Behaviour {
  /** The chaincode's answer to a query or an endorsement. */
  readonly answer?: (transaction: string, argument: Uint8Array) => Uint8Array;
  /** Called with the transaction's ID and the serialized envelope. */
  readonly submit?: (txId: string, envelope: Uint8Array) => void;
  /** Validation code of a transaction; a refusal of code 4 stands for "not committed in time". */
  readonly status?: (txId: string) => number;
  /** Chaincode events after a place; the stream breaks when the iteration ends. */
  readonly events?: (request: gateway.ChaincodeEventsRequest) => Iterable<gateway.ChaincodeEventsResponse>;
}

type Calls = Record<'Evaluate' | 'Endorse' | 'Submit' | 'CommitStatus' | 'ChaincodeEvents', number>;

/** A running service. */
export interface GatewayServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly calls: Calls;
}

const field = (number: number, bytes: Uint8Array): Buffer => {
  const size: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest >>= 7) size.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.of((number << 3) | 2, ...size, rest), bytes]);
};

/** The details travel as a google.rpc.Status, as Fabric sends them. */
function serviceError(error: unknown): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  if (!(error instanceof Refusal)) return { code: 13, details: String(error), metadata };
  const any = error.details.map(({ mspId, address, message }) => {
    const detail = new gateway.ErrorDetail();
    detail.setMspId(mspId);
    detail.setAddress(address);
    detail.setMessage(message);
    return field(3, Buffer.concat([field(1, Buffer.from('type.googleapis.com/gateway.ErrorDetail')), field(2, detail.serializeBinary())]));
  });
  if (any.length > 0) metadata.set('grpc-status-details-bin', Buffer.concat([Buffer.of(8, error.code), field(2, Buffer.from(error.message)), ...any]));
  return { code: error.code, details: error.message, metadata };
}

interface Asked {
  readonly header: common.Header;
  readonly transaction: string;
  readonly argument: Uint8Array;
  /** Serialized `peer.ChaincodeProposalPayload`. */
  readonly payload: Uint8Array;
}

function asked(signed: peer.SignedProposal | undefined): Asked {
  const proposal = peer.Proposal.deserializeBinary(signed?.getProposalBytes_asU8() ?? new Uint8Array());
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const args = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8()).getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
  return { header: common.Header.deserializeBinary(proposal.getHeader_asU8()), transaction: Buffer.from(args[0] ?? []).toString(), argument: args[1] ?? new Uint8Array(), payload: proposal.getPayload_asU8() };
}

/** The least envelope that the library can read an answer from. */
function envelopeOf({ header, payload: proposalPayload }: Asked, answer: Uint8Array): common.Envelope {
  const response = new peer.Response();
  response.setPayload(answer);
  const done = new peer.ChaincodeAction();
  done.setResponse(response);
  const responsePayload = new peer.ProposalResponsePayload();
  responsePayload.setExtension$(done.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsed);
  actionPayload.setChaincodeProposalPayload(proposalPayload);
  const action = new peer.TransactionAction();
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}

const handlersOf = (behaviour: Behaviour) => ({
  Evaluate(bytes: Buffer): Uint8Array {
    const { transaction, argument } = asked(gateway.EvaluateRequest.deserializeBinary(bytes).getProposedTransaction());
    const result = new peer.Response();
    result.setPayload(behaviour.answer?.(transaction, argument) ?? new Uint8Array());
    const response = new gateway.EvaluateResponse();
    response.setResult(result);
    return response.serializeBinary();
  },
  Endorse(bytes: Buffer): Uint8Array {
    const question = asked(gateway.EndorseRequest.deserializeBinary(bytes).getProposedTransaction());
    const response = new gateway.EndorseResponse();
    response.setPreparedTransaction(envelopeOf(question, behaviour.answer?.(question.transaction, question.argument) ?? new Uint8Array()));
    return response.serializeBinary();
  },
  Submit(bytes: Buffer): Uint8Array {
    const request = gateway.SubmitRequest.deserializeBinary(bytes);
    behaviour.submit?.(request.getTransactionId(), request.getPreparedTransaction()?.serializeBinary() ?? new Uint8Array());
    return new gateway.SubmitResponse().serializeBinary();
  },
  CommitStatus(bytes: Buffer): Uint8Array {
    const request = gateway.CommitStatusRequest.deserializeBinary(gateway.SignedCommitStatusRequest.deserializeBinary(bytes).getRequest_asU8());
    const response = new gateway.CommitStatusResponse();
    response.setResult((behaviour.status?.(request.getTransactionId()) ?? 0) as 0);
    response.setBlockNumber(7);
    return response.serializeBinary();
  },
});

const raw = { requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes), requestSerialize: (bytes: Buffer) => bytes, responseDeserialize: (bytes: Buffer) => bytes };

/** Starts a service on a free port of this machine. */
export async function startGateway(behaviour: Behaviour): Promise<GatewayServer> {
  const calls: Calls = { Evaluate: 0, Endorse: 0, Submit: 0, CommitStatus: 0, ChaincodeEvents: 0 };
  const server = new Server();
  const unary = Object.entries(handlersOf(behaviour)).map(([name, handle]) => [name, (call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
    calls[name as keyof Calls]++;
    try {
      callback(null, handle(call.request));
    } catch (error) {
      callback(serviceError(error));
    }
  }]);
  const ChaincodeEvents = (call: ServerWritableStream<Buffer, Uint8Array>): void => {
    calls.ChaincodeEvents++;
    const request = gateway.ChaincodeEventsRequest.deserializeBinary(gateway.SignedChaincodeEventsRequest.deserializeBinary(call.request).getRequest_asU8());
    for (const response of behaviour.events?.(request) ?? []) call.write(response.serializeBinary());
    call.emit('error', serviceError(new Refusal(14, 'the peer goes away')));
  };
  const method = (name: string, responseStream: boolean) => ({ path: `/gateway.Gateway/${name}`, requestStream: false, responseStream, ...raw });
  server.addService(
    Object.fromEntries(Object.keys(calls).map((name) => [name, method(name, name === 'ChaincodeEvents')])),
    { ...Object.fromEntries(unary) as Record<string, never>, ChaincodeEvents },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) => { if (error === null) resolve(bound); else reject(error); });
  });
  return { endpoint: `localhost:${port}`, calls, [Symbol.asyncDispose]: () => new Promise((resolve) => { server.forceShutdown(); resolve(); }) };
}

/** What a transaction of a block announces in tests. */
export const announcementOf = (block: number): Announcement => ({ event: 'submitted', study: `sha256:${'1'.repeat(64)}`, round: block, participant: 'HospitalA' });

/** The announcements of a history behind the place that a request names, as the responses of a peer. */
export function eventsAfter(history: readonly { readonly block: number; readonly txId: string }[], request: gateway.ChaincodeEventsRequest): gateway.ChaincodeEventsResponse[] {
  const from = request.getStartPosition()?.getSpecified()?.getNumber() ?? 0;
  const seen = history.findIndex(({ txId }) => txId === request.getAfterTransactionId());
  return history.slice(seen + 1).filter(({ block }) => block >= from).map(({ block, txId }) => {
    const event = new peer.ChaincodeEvent();
    event.setChaincodeId('epione');
    event.setTxId(txId);
    event.setEventName('submitted');
    event.setPayload(encodeCanonical(announcementEnvelope([announcementOf(block)])));
    const response = new gateway.ChaincodeEventsResponse();
    response.setBlockNumber(block);
    response.setEventsList([event]);
    return response;
  });
}

/** A submitter over such services, in their order; jitter is left out. */
export function submitterOver(endpoints: readonly string[], timeouts: Partial<Timeouts> = {}, given?: Identity, now: () => number = Date.now): Submitter & Disposable {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = nativeSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const identity: Identity = given ?? { mspId: 'HospitalA', certificatePem: createHash('sha256').digest(), signer };
  const all = { ...defaultTimeouts, ...timeouts };
  const peers = endpoints.map((endpoint, at) => ({ mspId: `Organization${at}`, endpoint, tlsCaFile: 'none' }));
  const gateways = new Gateways(peers, identity, all, ({ endpoint }) => new Client(endpoint, credentials.createInsecure()), now);
  return {
    gateways, identity, channel: 'epione', chaincode: 'epione', timeouts: all, now, random: () => 0,
    [Symbol.dispose]: () => { gateways[Symbol.dispose](); },
  };
}
