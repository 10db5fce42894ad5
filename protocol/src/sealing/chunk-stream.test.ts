/** Sealing and opening in pieces: the same bytes as at once, any part alone, and nothing that is not verified. */
import { expect } from 'chai';
import fc from 'fast-check';

import { inMemory, partOf, type ByteSource } from './byte-source.js';
import { ChunkReader, sealPieces } from './chunk-stream.js';
import { CHUNK, ChunkOpener, ChunkSealer, sealChunks } from './chunked-encryption.js';
import { concat } from '../encoding/digest.js';
import { codeOf, codeOfPromise } from '../testing/refusal.js';

const key = Uint8Array.from({ length: 32 }, (_, at) => at);
const salt = Uint8Array.from({ length: 24 }, (_, at) => 200 + at);
const context = new TextEncoder().encode('epione');
const batch = 16 * CHUNK.bytes;
const text = Uint8Array.from({ length: 4 * batch }, (_, at) => (at * 7 + (at >> 8)) & 255);
const message = (length: number): Uint8Array => text.subarray(0, length);
const equal = (a: Uint8Array, b: Uint8Array): void => { expect(Buffer.compare(a, b)).to.equal(0); };
const lengths = [0, 1, CHUNK.bytes - 1, CHUNK.bytes, CHUNK.bytes + 1, batch - 1, batch, batch + 1, batch + CHUNK.bytes, 2 * batch, 2 * batch + 5];

/** Pieces are overwritten by the next, so each is copied. */
async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return concat(...all);
}
const sealed = (pieces: Iterable<Uint8Array>): Promise<Uint8Array> => joined(sealPieces(new ChunkSealer(key, context, salt), pieces));
const reader = (bytes: Uint8Array, of: (source: ByteSource) => ByteSource = (source) => source): Promise<ChunkReader> => ChunkReader.open(of(inMemory(bytes)), key, context);
const cut = (bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) pieces.push(bytes.subarray(at, (at += size)));
  return [...pieces, bytes.subarray(at)];
};

describe('chunked encryption in pieces', () => {
  it('seals the same bytes as at once, however the message is cut', async () => {
    for (const length of lengths) equal(await sealed([message(length)]), sealChunks(key, context, message(length), salt));
    await fc.assert(fc.asyncProperty(fc.constantFrom(...lengths), fc.array(fc.nat(batch + 9), { maxLength: 8 }), async (length, sizes) => {
      equal(await sealed(cut(message(length), sizes)), sealChunks(key, context, message(length), salt));
    }), { numRuns: 25 });
  });

  it('opens the whole, in pieces or at once', async () => {
    for (const length of lengths) {
      const found = await reader(sealChunks(key, context, message(length), salt));
      expect(found.length).to.equal(length);
      equal(await found.all(), message(length));
      equal(await joined(found.pieces()), message(length));
    }
  });

  it('opens any part alone, reading no more than its chunks and the last', async () => {
    const length = 3 * batch + 77;
    const plaintext = message(length);
    const bytes = sealChunks(key, context, plaintext, salt);
    let read = 0;
    const counted = await reader(bytes, (source) => ({ length: source.length, read: (at, into) => { read += into.length; return source.read(at, into); } }));
    await fc.assert(fc.asyncProperty(fc.nat(length), fc.nat(length), async (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      read = 0;
      equal(await joined(counted.pieces(from, to)), plaintext.subarray(from, to));
      expect(read).to.be.at.most(Math.ceil((to - from + 2 * CHUNK.bytes) / batch) * 16 * CHUNK.sealedBytes);
    }), { numRuns: 40 });
    for (const [from, to] of [[-1, 5], [5, 4], [0, length + 1], [0.5, 3], [0, Infinity]] as const) expect(await codeOfPromise(joined(counted.pieces(from, to)))).to.equal('BAD_FIELD');
  });

  it('gives verified bytes before a spoilt chunk and none of it or behind it', async () => {
    const bytes = sealChunks(key, context, message(3 * batch), salt);
    bytes[CHUNK.headerBytes + 20 * CHUNK.sealedBytes]! ^= 1;
    const found = await reader(bytes);
    const given: Uint8Array[] = [];
    expect(await codeOfPromise((async () => { for await (const piece of found.pieces()) given.push(piece.slice()); })())).to.equal('UNOPENABLE');
    equal(concat(...given), message(3 * batch).subarray(0, batch));
    expect(await codeOfPromise(found.all())).to.equal('UNOPENABLE');
    equal(await joined(found.pieces(2 * batch)), message(3 * batch).subarray(2 * batch));
    const into = new Uint8Array(batch);
    const opener = new ChunkOpener(key, context, bytes.subarray(0, CHUNK.headerBytes));
    expect(codeOf(() => opener.open(16, bytes.subarray(CHUNK.headerBytes + 16 * CHUNK.sealedBytes, CHUNK.headerBytes + 32 * CHUNK.sealedBytes), into))).to.equal('UNOPENABLE');
    expect(into.every((byte) => byte === 0), 'four good chunks before the spoilt one').to.equal(true);
  });

  it('gives nothing at all of a message that was cut, extended or reordered, or that belongs elsewhere', async () => {
    const bytes = sealChunks(key, context, message(2 * CHUNK.bytes + 3), salt);
    const [first, second, last] = [bytes.subarray(56, 16456), bytes.subarray(16456, 32856), bytes.subarray(32856)];
    const head = bytes.subarray(0, 56);
    for (const end of [0, 1, 55, 56, 71, 72, 16455, 16456, 16457, 16472, 32856, 32872, bytes.length - 1]) expect(await codeOfPromise(reader(bytes.subarray(0, end))), `cut at ${end}`).to.equal('UNOPENABLE');
    for (const wrong of [concat(bytes, Uint8Array.of(0)), concat(bytes, last), concat(head, first, last), concat(head, first, first, second, last)]) expect(await codeOfPromise(reader(wrong))).to.equal('UNOPENABLE');
    expect(await codeOfPromise((await reader(concat(head, second, first, last))).all())).to.equal('UNOPENABLE');
    expect(await codeOfPromise(ChunkReader.open(inMemory(bytes), key, new Uint8Array()))).to.equal('UNOPENABLE');
    expect(await codeOfPromise(ChunkReader.open(inMemory(bytes), key.subarray(1), context))).to.equal('UNOPENABLE');
    expect(await codeOfPromise(ChunkReader.open(inMemory(bytes), key.map((byte) => byte ^ 1), context))).to.equal('UNOPENABLE');
  });

  it('keeps to the order of chunks and to one end when it seals', () => {
    const sealer = new ChunkSealer(key, context, salt);
    const into = new Uint8Array(3 * CHUNK.sealedBytes);
    expect(codeOf(() => sealer.seal(message(5), false, into))).to.equal('BAD_FIELD');
    sealer.seal(message(CHUNK.bytes), false, into);
    sealer.seal(message(5), true, into);
    expect(codeOf(() => sealer.seal(message(5), true, into))).to.equal('BAD_FIELD');
    expect(codeOf(() => sealer.seal(message(CHUNK.bytes), false, into))).to.equal('BAD_FIELD');
  });

  it('reads within a source, and within its part of one', async () => {
    const source = inMemory(message(100));
    const part = partOf(source, 10, 20);
    const into = new Uint8Array(5);
    await part.read(15, into);
    equal(into, message(100).subarray(25, 30));
    for (const at of [-1, 16, 90]) expect(await codeOfPromise(part.read(at, into))).to.equal('UNOPENABLE');
    expect(await codeOfPromise(source.read(96, into))).to.equal('UNOPENABLE');
  });
});
