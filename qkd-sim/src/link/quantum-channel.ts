/**
 * The quantum channel's socket. It stands for fibre and receiver: the optics write what Bob's detectors saw, in
 * batches, and Bob reads them. Nothing of Alice's settings goes over it.
 */
import type { Readable } from 'node:stream';
import type { Detections } from '../distillation/sifting.js';
import { QkdError } from '../error.js';
import { ALICE_MASK, type Gate } from '../optics/gate.js';
import type { ClickBatch } from '../optics/event-sampler.js';
import { FrameReader } from './frame-reader.js';

/** Clicks in one batch. */
export const BATCH_CLICKS = 65_536;
const HEADER_BYTES = 8;

/** What Bob may know of a batch: run, number of clicks, gaps, and of each gate his basis and pattern. */
export const encodeDetections = (run: number, { gaps, gates }: ClickBatch): Uint8Array => {
  const bytes = Buffer.alloc(HEADER_BYTES + 5 * gates.length);
  bytes.writeUInt32LE(run);
  bytes.writeUInt32LE(gates.length, 4);
  bytes.set(new Uint8Array(gaps.buffer, gaps.byteOffset, gaps.byteLength), HEADER_BYTES);
  bytes.set(gates.map((gate: Gate) => gate & ~ALICE_MASK), HEADER_BYTES + 4 * gates.length);
  return bytes;
};

/** What Alice may know of a batch. */
export const settingsOf = ({ gaps, gates }: ClickBatch): ClickBatch => ({ gaps, gates: gates.map((gate: Gate) => gate & ALICE_MASK) });

/** Bob's end. */
export class QuantumReceiver {
  readonly #frames: FrameReader;

  constructor(stream: Readable) {
    this.#frames = new FrameReader(stream, 'quantum channel');
  }

  /** The next batch of a run; those of earlier runs, given up in between, are passed over. */
  async next(run: number, timeoutMs: number): Promise<Detections> {
    for (;;) {
      const header = await this.#frames.read(HEADER_BYTES, timeoutMs);
      const clicks = header.readUInt32LE(4);
      if (clicks > BATCH_CLICKS) throw new QkdError('CHANNEL', `a batch of ${clicks} clicks on the quantum channel`);
      const body = await this.#frames.read(5 * clicks, timeoutMs);
      if (header.readUInt32LE() !== run) continue;
      return { gaps: new Uint32Array(body.buffer, body.byteOffset, clicks), gates: body.subarray(4 * clicks) };
    }
  }
}
