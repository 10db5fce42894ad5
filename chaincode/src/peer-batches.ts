/** Several reads, or a value with its policy, in one message to the peer: peers of Fabric 3.1 offer it, Fabric's library for Node (2.5.8) does not know it. */
import type { Context } from 'fabric-contract-api';
// The library's own end of the stream to a peer; it is not behind its door.
import { ChaincodeMessageHandler } from 'fabric-shim/lib/handler.js';

/** Numbers of fabric-protos, peer/chaincode_shim.proto. */
const type = { ready: 4, putState: 9, putStateMetadata: 21, writeBatch: 24, getMultiple: 25 } as const;

/** Under this name a key's metadata hold its endorsement policy (peer/policy.proto, MetaDataKeys). */
const policyName = 'VALIDATION_PARAMETER';

/** A message on the stream. */
interface PeerMessage {
  getType(): number;
  getPayload_asU8(): Uint8Array;
  setType(value: number): void;
  setPayload(value: Uint8Array): void;
  setTxid(value: string): void;
  setChannelId(value: string): void;
}

/** What a peer said when it was ready for the chaincode. */
interface Offer {
  readonly manyReads: boolean;
  readonly manyWrites: boolean;
  readonly newMessage: () => PeerMessage;
}

/** The library's end of a stream, as far as it is used here. */
export interface PeerStream {
  readonly _stream: { on(event: 'data', listener: (message: PeerMessage) => void): unknown };
  offer?: Offer;
  chat: (this: PeerStream, starter: unknown) => void;
  _askPeerAndListen(message: PeerMessage, method: string): Promise<Uint8Array>;
}

type Stub = Context['stub'];

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

const field = (number: number, content: Uint8Array): Buffer => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(content.length)]), content]);
const numberField = (number: number, value: number): Buffer => Buffer.from([number << 3, ...varint(value)]);

/** Fields of a message in order: numbers as they are, the rest as bytes. @throws RangeError for what these messages do not hold. */
export function* fieldsOf(bytes: Uint8Array): Generator<[number: number, value: number | Uint8Array]> {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a message of the peer ends early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = next();
    const value = next();
    if ((tag & 7) === 0) {
      yield [tag >> 3, value];
      continue;
    }
    if ((tag & 7) !== 2 || at + value > bytes.length) throw new RangeError('a message of the peer cannot be read');
    yield [tag >> 3, bytes.subarray(at, (at += value))];
  }
}

/** ChaincodeAdditionalParams of the peer's READY; older peers send none. */
function offerOf(message: PeerMessage): Offer {
  const flags = new Map(fieldsOf(message.getPayload_asU8()));
  const Message = message.constructor as new () => PeerMessage;
  return { manyWrites: flags.get(1) === 1, manyReads: flags.get(3) === 1, newMessage: () => new Message() };
}

/** Lets every stream to a peer remember what that peer offers. To be called once, before the chaincode is served. */
export function hearOffers(): void {
  const prototype = ChaincodeMessageHandler.prototype as PeerStream;
  const { chat } = prototype;
  prototype.chat = function (starter) {
    this._stream.on('data', (message) => {
      if (message.getType() === type.ready) this.offer = offerOf(message);
    });
    chat.call(this, starter);
  };
}

async function send(stub: Stub, stream: PeerStream, newMessage: Offer['newMessage'], kind: number, payload: Uint8Array, method: string): Promise<Uint8Array> {
  const message = newMessage();
  message.setType(kind);
  message.setPayload(payload);
  message.setTxid(stub.getTxID());
  message.setChannelId(stub.getChannelID());
  return stream._askPeerAndListen(message, method);
}

const streamOf = (stub: Stub): PeerStream => (stub as unknown as { handler: PeerStream }).handler;

/** Values of keys, in their order, empty where there is none. The read set is the same as that of single reads. */
export async function getStates(stub: Stub, keys: readonly string[]): Promise<Uint8Array[]> {
  const stream = streamOf(stub);
  if (stream.offer?.manyReads !== true || keys.length < 2) {
    const values: Uint8Array[] = [];
    for (const key of keys) values.push(await stub.getState(key));
    return values;
  }
  const asked = Buffer.concat(keys.map((key) => field(1, utf8.encode(key))));
  const values = [...fieldsOf(await send(stub, stream, stream.offer.newMessage, type.getMultiple, asked, 'GetState'))].map(([, value]) => value as Uint8Array);
  if (values.length !== keys.length) throw new RangeError(`the peer gave ${values.length} values for ${keys.length} keys`);
  return values;
}

/** Writes a value and the endorsement policy of its key. */
export async function putStateWithPolicy(stub: Stub, key: string, value: Uint8Array, policy: Uint8Array): Promise<void> {
  const stream = streamOf(stub);
  if (stream.offer?.manyWrites !== true) {
    await stub.putState(key, value);
    await stub.setStateValidationParameter(key, policy);
    return;
  }
  const name = field(1, utf8.encode(key));
  const metadata = field(4, Buffer.concat([field(1, utf8.encode(policyName)), field(2, policy)]));
  const records = [[name, field(2, value), numberField(5, type.putState)], [name, metadata, numberField(5, type.putStateMetadata)]];
  await send(stub, stream, stream.offer.newMessage, type.writeBatch, Buffer.concat(records.map((record) => field(1, Buffer.concat(record)))), 'PutState');
}
