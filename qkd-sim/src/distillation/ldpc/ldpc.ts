/**
 * Reconciliation by LDPC codes as two machines, one for each end. Alice sends the syndrome of each frame under a code made for
 * the error rate; Bob decodes, and says which frames did not come out. For these Alice sends further checks, a few at a time
 * (blind: nobody needs to know a frame's own error rate), and where all checks do not suffice the frame itself. Few rounds, so
 * it suits a long way between the ends; what it discloses is every check sent.
 */
import { entropy } from '../finite-key.js';
import type { Reconciler } from '../reconciler.js';
import { LIFT, MAX_COLUMNS, baseGraph } from './base-graph.js';
import type { Decoder } from './decoder.js';
import { VectorDecoder } from './vector-decoder.js';

/** Bytes of the longest frame; frames and checks come in vectors of 16 bits. */
const FRAME_BYTES = (LIFT * MAX_COLUMNS) / 8;
const VECTOR_BYTES = 2;

/** The checks to begin with, per h(Q) of a bit: what most frames need, by decoding. */
const firstEfficiency = (qber: number): number => 1.165 + 0.0018 / qber;
/** All checks of the code, and further checks of a round, as a share of the first ones. */
const ALL = 1.12;
const STEP = 0.015;
/** Rows that are merged with another at first, as a share of all: more can be asked for, but each loses a little. */
const PAIRED = 0.2;

/** A piece of the key. All lengths are bytes of bits. */
interface Frame {
  readonly key: Uint8Array;
  /** Alice's checks; Bob's are XORed with hers as they come, which makes the syndrome of the errors. */
  readonly checks: Uint8Array;
  /** How many were sent; undefined once the frame has come out. */
  sent: number | undefined;
}

const addTo = (bytes: Uint8Array, other: Uint8Array): void => {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (other[i] ?? 0);
};

const weight = (bytes: Uint8Array): number => {
  let count = 0;
  for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
};

/** The code in use; a block mostly has that of the block before. */
let last: { readonly name: string; readonly decoder: Decoder; readonly checkBytes: number } | undefined;
const codeOf = (columns: number, rows: number): NonNullable<typeof last> => {
  const name = `${columns}/${rows}`;
  if (last?.name !== name) {
    const graph = baseGraph(columns, rows, Math.floor(PAIRED * rows));
    last = { name, decoder: new VectorDecoder(graph), checkBytes: (graph.rows.length * LIFT) / 8 };
  }
  return last;
};

const vectors = (bytes: number): number => VECTOR_BYTES * Math.max(1, Math.round(bytes / VECTOR_BYTES));

export class Ldpc implements Reconciler {
  readonly #frames: readonly Frame[];
  readonly #decoder: Decoder;
  readonly #first: number;
  readonly #step: number;
  #disclosedBits = 0;
  #corrections = 0;

  /**
   * @param words the sifted key; Bob's is corrected in place
   * @param qber an estimate of the error rate, taken as 0.002 to 0.25
   */
  constructor(words: Int32Array, qber: number) {
    const key = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const count = Math.ceil(key.length / FRAME_BYTES);
    const startOf = (frame: number): number => VECTOR_BYTES * Math.floor((frame * key.length) / count / VECTOR_BYTES);
    const keys = Array.from({ length: count }, (_, frame) => key.subarray(startOf(frame), startOf(frame + 1)));
    const longest = Math.max(...keys.map(({ length }) => length));
    const columns = Math.ceil((8 * longest) / LIFT);
    const likely = Math.min(0.25, Math.max(0.002, qber));
    const rate = Math.min(0.9, firstEfficiency(likely) * entropy(likely));
    this.#first = vectors(rate * longest);
    this.#step = vectors(STEP * this.#first);
    const { decoder, checkBytes } = codeOf(columns, Math.max(2, Math.ceil((8 * ALL * this.#first) / LIFT)));
    this.#decoder = decoder;
    this.#frames = keys.map((frame) => ({ key: frame, checks: decoder.syndrome(frame, 8 * checkBytes), sent: 0 }));
  }

  /** Bits disclosed so far. */
  get disclosedBits(): number {
    return this.#disclosedBits;
  }

  /** Errors corrected so far. */
  get corrections(): number {
    return this.#corrections;
  }

  get done(): boolean {
    return this.#frames.every(({ sent }) => sent === undefined);
  }

  /** Alice's message: for each frame that has not come out its next checks, or at the end the frame. */
  parities(): Uint8Array {
    return Buffer.concat(this.#frames.map((frame) => {
      const { sent, checks, key } = frame;
      if (sent === undefined) return new Uint8Array(0);
      return sent === checks.length ? key : checks.subarray(sent, sent + this.#due(frame));
    }));
  }

  /**
   * Bob's answer to it, which takes him on: the errors corrected so far, and for each frame whether it came out.
   * @throws RangeError when the message has another length than what is due
   */
  answer(parities: Uint8Array): Uint8Array {
    if (parities.length !== this.#frames.reduce((sum, frame) => sum + this.#due(frame), 0)) throw new RangeError(`${parities.length} bytes of checks`);
    const answer = new Uint8Array(4 + this.#frames.length);
    let at = 0;
    for (const [index, frame] of this.#frames.entries()) {
      const received = parities.subarray(at, at + this.#due(frame));
      answer[4 + index] = frame.sent === undefined || this.#solve(frame, frame.sent, received) ? 1 : 0;
      at += received.length;
    }
    new DataView(answer.buffer).setUint32(0, this.#corrections);
    this.#settle(answer);
    return answer;
  }

  /** Takes Alice on. @throws RangeError when the answer has another length than is due */
  advance(answer: Uint8Array): void {
    if (answer.length !== 4 + this.#frames.length) throw new RangeError(`an answer of ${answer.length} bytes`);
    this.#corrections = new DataView(answer.buffer, answer.byteOffset).getUint32(0);
    this.#settle(answer);
  }

  /** Bytes of a frame in the next message. */
  #due({ sent, checks, key }: Frame): number {
    if (sent === undefined) return 0;
    return sent === checks.length ? key.length : Math.min(sent === 0 ? this.#first : this.#step, checks.length - sent);
  }

  /** Corrects a frame with what came for it; tells whether it has come out. */
  #solve(frame: Frame, sent: number, received: Uint8Array): boolean {
    const { key, checks } = frame;
    const whole = sent === checks.length;
    if (!whole) addTo(checks.subarray(sent, sent + received.length), received);
    const errors = whole ? received.map((byte, i) => byte ^ (key[i] ?? 0)) : this.#decoder.errors(checks.subarray(0, sent + received.length), key.length);
    if (errors === undefined) return false;
    addTo(key, errors);
    this.#corrections += weight(errors);
    return true;
  }

  #settle(answer: Uint8Array): void {
    for (const [index, frame] of this.#frames.entries()) {
      if (frame.sent === undefined) continue;
      const due = this.#due(frame);
      this.#disclosedBits += 8 * due;
      // Whoever has sent the frame itself has nothing left to send.
      frame.sent = answer[4 + index] === 1 || frame.sent === frame.checks.length ? undefined : frame.sent + due;
    }
  }
}
