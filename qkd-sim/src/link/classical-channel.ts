/** The classical channel: framed messages in turn over a byte stream, kept until their tag has been checked. */
import type { Duplex } from 'node:stream';
import { QkdError } from '../error.js';
import { FrameReader } from './frame-reader.js';
import type { SentMessage } from '../distillation/authentication.js';

/** Every message of the protocol, in the order of a block. */
const TYPES = [
  'start', 'ready', 'pulses', 'detections', 'kept', 'estimate', 'parities', 'differences', 'verify', 'verified',
  'amplify', 'tag', 'stop',
] as const;

export type MessageType = (typeof TYPES)[number];

const HEADER_BYTES = 5;
const MAX_PAYLOAD = 1 << 24;

/** A message on its way: its length, its type, its bytes. */
export const frameHeader = ({ type, payload }: SentMessage): Uint8Array => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(payload.length);
  header[4] = type;
  return header;
};

/** The next message of a stream, whatever its turn. @throws QkdError TAMPERED when it is longer than any, CHANNEL */
export const readFrame = async (frames: FrameReader, timeoutMs: number): Promise<SentMessage> => {
  const header = await frames.read(HEADER_BYTES, timeoutMs);
  const length = header.readUInt32BE();
  if (length > MAX_PAYLOAD) throw new QkdError('TAMPERED', `a message of ${length} bytes on the classical channel`);
  return { type: header[4] ?? 0, payload: await frames.read(length, timeoutMs) };
};

/** The name of a message's type; undefined when there is none. */
export const typeName = ({ type }: SentMessage): MessageType | undefined => TYPES[type];

/** The other side ended the block in good order. */
export class BlockStopped extends Error {
  readonly payload: Uint8Array;

  constructor(payload: Uint8Array) {
    super('the other side ended the block');
    this.name = 'BlockStopped';
    this.payload = payload;
  }
}

export class ClassicalChannel {
  readonly #stream: Duplex;
  readonly #frames: FrameReader;
  readonly #sent: SentMessage[] = [];
  readonly #received: SentMessage[] = [];
  #closing = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#frames = new FrameReader(stream, 'classical channel');
  }

  get open(): boolean {
    return !this.#closing && !this.#stream.destroyed;
  }

  /** What went out and what came in since the transcript began. */
  get transcript(): { sent: readonly SentMessage[]; received: readonly SentMessage[] } {
    return { sent: this.#sent, received: this.#received };
  }

  /** Forgets the transcript: a new block begins. */
  begin(): void {
    this.#sent.length = 0;
    this.#received.length = 0;
  }

  send(type: MessageType, payload: Uint8Array): void {
    const message = { type: TYPES.indexOf(type), payload };
    this.#sent.push(message);
    this.#stream.cork();
    this.#stream.write(frameHeader(message));
    this.#stream.write(payload);
    this.#stream.uncork();
  }

  sendJson(type: MessageType, value: unknown): void {
    this.send(type, Buffer.from(JSON.stringify(value)));
  }

  /**
   * Waits for the message whose turn it is.
   * @param timeoutMs 0 waits for ever
   * @throws BlockStopped when the other side ended the block; QkdError TAMPERED for a message out of turn, CHANNEL for
   * a stream that ended, failed or stayed silent
   */
  async receive(type: MessageType, timeoutMs: number): Promise<Uint8Array> {
    const message = await readFrame(this.#frames, timeoutMs);
    const got = typeName(message);
    if (got === 'stop') throw new BlockStopped(message.payload);
    if (got !== type) throw new QkdError('TAMPERED', `expected the message ${type}, got ${got ?? message.type}`);
    this.#received.push(message);
    return message.payload;
  }

  async receiveJson(type: MessageType, timeoutMs: number): Promise<unknown> {
    return JSON.parse(Buffer.from(await this.receive(type, timeoutMs)).toString('utf8')) as unknown;
  }

  /** Closes when what was sent has gone out: it may say why. */
  close(): void {
    this.#closing = true;
    this.#stream.end(() => { this.#stream.destroy(); });
  }
}
