/** Chunked encryption of messages that are larger than memory: sealed piece by piece, opened at any place, every byte verified before it is given. */
import type { ByteSource } from './byte-source.js';
import { CHUNK, ChunkOpener, plaintextLength, type ChunkSealer } from './chunked-encryption.js';
import { CodedError } from '../error.js';

/** Chunks at a time: 256 KiB, enough for the cost of a read or write to vanish, and small enough for the processor's cache. */
const batchChunks = 16;
const batchBytes = batchChunks * CHUNK.bytes;
const sealedBatchBytes = batchChunks * CHUNK.sealedBytes;

/** Bytes that come in pieces of any length. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Cuts into whole batches and the rest, which may be empty; a batch that lies in one piece is not copied. */
async function* batches(pieces: Pieces): AsyncGenerator<{ batch: Uint8Array; last: boolean }> {
  const held = new Uint8Array(batchBytes);
  let filled = 0;
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        const part = piece.subarray(at, at + batchBytes - filled);
        at += part.length;
        if (part.length === batchBytes) {
          yield { batch: part, last: false };
          continue;
        }
        held.set(part, filled);
        filled += part.length;
        if (filled < batchBytes) continue;
        yield { batch: held, last: false };
        filled = 0;
      }
    }
    yield { batch: held.subarray(0, filled), last: true };
  } finally {
    held.fill(0);
  }
}

/** Seals a message that comes in pieces. Each piece that is given is overwritten by the next. @throws what `pieces` throws. */
export async function* sealPieces(sealer: ChunkSealer, pieces: Pieces): AsyncGenerator<Uint8Array, void, undefined> {
  yield sealer.header;
  const into = new Uint8Array(sealedBatchBytes + CHUNK.sealedBytes);
  for await (const { batch, last } of batches(pieces)) yield sealer.seal(batch, last, into);
}

/** A sealed message that is read where it is wanted. */
export class ChunkReader {
  /** Bytes of the plaintext. */
  readonly length: number;
  readonly #source: ByteSource;
  readonly #opener: ChunkOpener;

  private constructor(source: ByteSource, opener: ChunkOpener) {
    this.length = plaintextLength(source.length);
    this.#source = source;
    this.#opener = opener;
  }

  /**
   * Checks key, context and length. The length is what its last chunk proves, which is therefore opened first: without it, a
   * message that was cut at a chunk's end would be told only after all else had been given.
   * @param key 32 bytes. @param context the bytes it was sealed with.
   * @throws CodedError UNOPENABLE, whatever is wrong; errors of the source.
   */
  static async open(source: ByteSource, key: Uint8Array, context: Uint8Array): Promise<ChunkReader> {
    plaintextLength(source.length);
    const header = new Uint8Array(CHUNK.headerBytes);
    await source.read(0, header);
    const reader = new ChunkReader(source, new ChunkOpener(key, context, header));
    const lastChunk = Math.floor(reader.length / CHUNK.bytes);
    (await reader.#openFrom(lastChunk * CHUNK.bytes, new Uint8Array(CHUNK.sealedBytes), new Uint8Array(CHUNK.bytes))).fill(0);
    return reader;
  }

  /** Opens the chunks from `at` on, as many as there are and `sealed` holds. */
  async #openFrom(at: number, sealed: Uint8Array, into: Uint8Array): Promise<Uint8Array> {
    const first = at / CHUNK.bytes;
    const sealedAt = CHUNK.headerBytes + first * CHUNK.sealedBytes;
    const here = sealed.subarray(0, this.#source.length - sealedAt);
    await this.#source.read(sealedAt, here);
    return this.#opener.open(first, here, into);
  }

  /**
   * The plaintext from one place up to another. Each piece is verified, and overwritten by the next; that a later one fails does
   * not make the earlier ones false, but whoever wants all or nothing keeps them back until the end.
   * @throws CodedError BAD_FIELD for places outside of the message; UNOPENABLE.
   */
  async *pieces(from = 0, to = this.length): AsyncGenerator<Uint8Array, void, undefined> {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || from > to || to > this.length) throw new CodedError('BAD_FIELD', `the message has ${this.length} bytes; ${from} to ${to} is not within`);
    const sealed = new Uint8Array(sealedBatchBytes);
    const into = new Uint8Array(batchBytes);
    try {
      for (let at = from - (from % CHUNK.bytes); at < to; at += batchBytes) {
        const plaintext = await this.#openFrom(at, sealed, into);
        yield plaintext.subarray(Math.max(0, from - at), to - at);
      }
    } finally {
      into.fill(0);
    }
  }

  /** The plaintext, whole or not at all. @throws CodedError UNOPENABLE. */
  async all(): Promise<Uint8Array> {
    const plaintext = new Uint8Array(this.length);
    const sealed = new Uint8Array(sealedBatchBytes);
    try {
      for (let at = 0; at < plaintext.length; at += batchBytes) await this.#openFrom(at, sealed, plaintext.subarray(at, at + batchBytes));
    } catch (error) {
      plaintext.fill(0);
      throw error;
    }
    return plaintext;
  }
}
