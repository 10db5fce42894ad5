/** Fuzz targets: what goes over a link's classical and quantum channel, before and under its tag. */
import { Readable } from 'node:stream';
import { ZodError } from 'zod';
import { authenticationTag, sameTag, tagKeys, type SentMessage } from '../distillation/authentication.js';
import { reconcilerOf } from '../distillation/reconciliation.js';
import type { Reconciler } from '../distillation/reconciler.js';
import { AliceSifting, BobSifting, type Settings } from '../distillation/sifting.js';
import { QkdError } from '../error.js';
import { RandomNumbers, seededRandom } from '../random.js';
import { estimateMessage, readyMessage, startMessage } from './block.js';
import { frameHeader, readFrame, typeName } from './classical-channel.js';
import { FrameReader } from './frame-reader.js';
import { QuantumReceiver, encodeDetections } from './quantum-channel.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + 7 * at) & 255);
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** As `blockFailure` of a block tells what was tampered with. */
const isRefusal = (error: unknown): boolean => error instanceof QkdError || error instanceof SyntaxError || error instanceof ZodError || error instanceof RangeError;

const stream = (input: Uint8Array): Readable => Readable.from([Buffer.from(input)], { objectMode: false });

/** One direction of a block and its tag, as they go over the stream. */
const { aliceToBob } = tagKeys(bytes(3, 64));
const messages: readonly SentMessage[] = [{ type: 0, payload: encode({ block: 1, attempt: 1 }) }, { type: 2, payload: new Uint8Array() }, { type: 4, payload: bytes(9, 100) }, { type: 6, payload: bytes(1, 33) }];
const written = (...list: readonly SentMessage[]): Uint8Array => Buffer.concat(list.flatMap((message) => [frameHeader(message), message.payload]));
const spelled = (list: readonly SentMessage[]): string => Buffer.from(written(...list)).toString('hex');
const wholeBlock = written(...messages, { type: 11, payload: authenticationTag(aliceToBob, messages) });

class FalseAccept extends Error {}

async function readDirection(input: Uint8Array): Promise<number> {
  const frames = new FrameReader(stream(input), 'classical channel');
  const received: SentMessage[] = [];
  for (;;) {
    const message = await readFrame(frames, 1000);
    if (typeName(message) !== 'tag') {
      received.push(message);
      continue;
    }
    if (!sameTag(message.payload, authenticationTag(aliceToBob, received))) throw new QkdError('TAMPERED', 'the tag is wrong');
    if (spelled(received) !== spelled(messages)) throw new FalseAccept('a changed block has the right tag');
    return received.length;
  }
}

const gates = 400;
const settings: Settings = { gaps: new Uint32Array(gates).fill(3), gates: bytes(5, gates).map((gate) => gate & 0x0b) };
const seen: Settings = { gaps: settings.gaps, gates: bytes(5, gates).map((gate) => (gate & 0x10) | 0x20) };
const bobs = (): BobSifting => new BobSifting(1024, new RandomNumbers(seededRandom(new Uint8Array(32))));
const announcement = (): Uint8Array => bobs().announce(seen);

const frameBits = 1000;
const key = (): Int32Array => new Int32Array(Uint8Array.from(bytes(11, 4 * frameBits)).buffer);
const end = (method: 'ldpc' | 'original', corrects: boolean): Reconciler => reconcilerOf(method, method === 'ldpc' ? new Int32Array(32 * frameBits) : key(), frameBits, 0.02, corrects);

const utf8Json = (input: Uint8Array): unknown => JSON.parse(Buffer.from(input).toString('utf8'));

export const targets = [
  { name: 'classical channel: frames and tag', weight: 6, changed: 'readable', samples: () => [wholeBlock], isRefusal, read: readDirection },
  {
    name: 'classical channel: messages', weight: 12, changed: 'readable', isRefusal,
    samples: () => [
      encode({ block: 1, attempt: 1, run: 7, split: 'both', profile: 'metro', reconciliation: 'ldpc' }), encode({ block: 1, attempt: 2 }),
      encode({ counts: { key: [1, 2, 3], check: [4, 5, 6], checkErrors: [0, 1, 2] }, bell: [0, 0, 0, 0, 0, 0, 0, 0], gates: 1000, leakedBits: 0 }),
    ],
    read: (input: Uint8Array) => {
      const value = utf8Json(input);
      return [startMessage, readyMessage, estimateMessage].find((schema) => schema.safeParse(value).success)?.parse(value) ?? startMessage.parse(value);
    },
  },
  { name: 'sifting: announcement', weight: 10, changed: 'readable', samples: () => [announcement()], isRefusal, read: (input: Uint8Array) => new AliceSifting(1024).compare(settings, input) },
  {
    name: 'sifting: answer', weight: 8, changed: 'readable', samples: () => [new AliceSifting(1024).compare(settings, announcement())], isRefusal,
    read: (input: Uint8Array) => {
      const sifting = bobs();
      sifting.announce(seen);
      sifting.keep(input);
    },
  },
  { name: 'Cascade: parities', weight: 2, changed: 'readable', samples: () => [end('original', false).parities()], isRefusal, read: (input: Uint8Array) => end('original', true).answer(input) },
  { name: 'Cascade: differences', weight: 2, changed: 'readable', samples: () => [end('original', true).answer(end('original', false).parities())], isRefusal, read: (input: Uint8Array) => { end('original', false).advance(input); } },
  {
    name: 'quantum channel: detections', weight: 5, changed: 'readable', samples: () => [encodeDetections(7, { gaps: seen.gaps, gates: seen.gates })], isRefusal,
    read: async (input: Uint8Array) => new QuantumReceiver(stream(input)).next(7, 1000),
  },
];
