/** C2SP chunked encryption (c2sp.org/chunked-encryption@v1) with AEAD_AES_256_GCM and HKDF-SHA-512: key-committing, in chunks of 16 KiB. */
import { timingSafeEqual, type KeyObject } from 'node:crypto';

import { GCM, gcmKey, openGcm, sealGcm } from '../crypto/aes-gcm.js';
import { concat } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { expand } from '../crypto/hkdf.js';

const saltBytes = 24;
const commitmentBytes = 32;
const label = new TextEncoder().encode('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');

/** Bytes of the format's parts: plaintext of a full chunk, the same sealed, and the header before the chunks. */
export const CHUNK = { bytes: 16 * 1024, sealedBytes: 16 * 1024 + GCM.tagBytes, headerBytes: saltBytes + commitmentBytes } as const;

/** What one message is sealed with; derived once for a message, whether its chunks come from memory or from a stream. */
interface ChunkKeys {
  readonly key: KeyObject;
  readonly baseNonce: Uint8Array;
  readonly commitment: Uint8Array;
}

function deriveChunkKeys(inputKey: Uint8Array, salt: Uint8Array, context: Uint8Array): ChunkKeys {
  const derived = expand(inputKey, concat(label, salt, context), GCM.keyBytes + GCM.nonceBytes + commitmentBytes);
  const commitmentAt = GCM.keyBytes + GCM.nonceBytes;
  return { key: gcmKey(derived.subarray(0, GCM.keyBytes)), baseNonce: derived.subarray(GCM.keyBytes, commitmentAt), commitment: derived.subarray(commitmentAt) };
}

/** Chunks of one message, at most, so that the nonce's last four bytes are enough; the format allows more. 64 TiB. */
const mostChunks = 2 ** 32;

/** Base nonce XOR chunk number. */
function chunkNonce(baseNonce: Uint8Array, index: number): Uint8Array {
  const nonce = baseNonce.slice();
  const view = new DataView(nonce.buffer);
  view.setUint32(GCM.nonceBytes - 4, (view.getUint32(GCM.nonceBytes - 4) ^ index) >>> 0);
  return nonce;
}

/** Bytes of so much plaintext's chunks: 16 for each full one and for the short one at the end. */
const chunksLength = (plaintextBytes: number): number => plaintextBytes + GCM.tagBytes * (Math.floor(plaintextBytes / CHUNK.bytes) + 1);

/** Bytes that sealing makes of so many bytes: 56 for the header, then the chunks. */
export const sealedLength = (plaintextBytes: number): number => CHUNK.headerBytes + chunksLength(plaintextBytes);

/** Bytes that were sealed into so many. @throws CodedError UNOPENABLE for a length that sealing does not give: one that ends between two chunks. */
export function plaintextLength(sealedBytes: number): number {
  const chunks = Math.ceil((sealedBytes - CHUNK.headerBytes) / CHUNK.sealedBytes);
  const bytes = sealedBytes - CHUNK.headerBytes - GCM.tagBytes * chunks;
  if (chunks < 1 || chunks > mostChunks || bytes < 0 || sealedLength(bytes) !== sealedBytes) throw unopenable();
  return bytes;
}

const unopenable = (): CodedError => new CodedError('UNOPENABLE', 'the sealed bytes do not open under this key and context');

/** Seals one message, piece by piece and in order only, so that no nonce is used twice. */
export class ChunkSealer {
  /** Salt ‖ commitment: the first 56 bytes. */
  readonly header: Uint8Array;
  readonly #keys: ChunkKeys;
  #next = 0;
  #ended = false;

  /**
   * @param key the input key: 32 uniformly random bytes.
   * @param context what the message is bound to; opening needs the same bytes.
   * @param salt 24 random bytes, never twice with one key.
   * @throws CodedError BAD_KEY, BAD_FIELD for a key or salt of another length.
   */
  constructor(key: Uint8Array, context: Uint8Array, salt: Uint8Array) {
    if (key.length !== GCM.keyBytes) throw new CodedError('BAD_KEY', `the input key has ${GCM.keyBytes} bytes, not ${key.length}`);
    if (salt.length !== saltBytes) throw new CodedError('BAD_FIELD', `the salt has ${saltBytes} bytes, not ${salt.length}`);
    this.#keys = deriveChunkKeys(key, salt, context);
    this.header = concat(salt, this.#keys.commitment);
  }

  /**
   * Seals the next piece.
   * @param last whether the message ends here; a piece before the last is whole chunks.
   * @param into where it goes: 16 bytes more for each chunk, the short or empty one at the message's end counted.
   * @returns the part of `into` that was written.
   * @throws CodedError BAD_FIELD for other lengths, and for a piece after the last; TOO_LARGE beyond 2^32 chunks.
   */
  seal(piece: Uint8Array, last: boolean, into: Uint8Array): Uint8Array {
    if (this.#ended || (!last && piece.length % CHUNK.bytes !== 0)) throw new CodedError('BAD_FIELD', 'pieces of a message are whole chunks up to the last one');
    this.#ended = last;
    let written = 0;
    for (let at = 0; last ? at <= piece.length : at < piece.length; at += CHUNK.bytes) {
      if (this.#next === mostChunks) throw new CodedError('TOO_LARGE', `a message has at most ${mostChunks} chunks`);
      const nonce = chunkNonce(this.#keys.baseNonce, this.#next++);
      written += sealGcm(this.#keys.key, nonce, piece.subarray(at, at + CHUNK.bytes), into.subarray(written)).length;
    }
    return into.subarray(0, written);
  }
}

/** Opens chunks of one message, in any order. */
export class ChunkOpener {
  readonly #keys: ChunkKeys;

  /**
   * @param key the input key, 32 bytes.
   * @param context the bytes it was sealed with.
   * @param header the message's first 56 bytes.
   * @throws CodedError UNOPENABLE for another key or context, which the commitment tells.
   */
  constructor(key: Uint8Array, context: Uint8Array, header: Uint8Array) {
    if (key.length !== GCM.keyBytes || header.length !== CHUNK.headerBytes) throw unopenable();
    this.#keys = deriveChunkKeys(key, header.subarray(0, saltBytes), context);
    if (!timingSafeEqual(this.#keys.commitment, header.subarray(saltBytes))) throw unopenable();
  }

  /**
   * Opens neighbouring chunks. That they are all there is only known once the message's last chunk has been opened.
   * @param first number of the first one, from 0.
   * @param sealed whole chunks, but for the message's last.
   * @param into where the plaintext goes.
   * @returns the part of `into` that was written.
   * @throws CodedError UNOPENABLE; `into` is wiped then.
   */
  open(first: number, sealed: Uint8Array, into: Uint8Array): Uint8Array {
    let written = 0;
    try {
      for (let at = 0; at < sealed.length; at += CHUNK.sealedBytes) {
        const nonce = chunkNonce(this.#keys.baseNonce, first + at / CHUNK.sealedBytes);
        written += openGcm(this.#keys.key, nonce, sealed.subarray(at, at + CHUNK.sealedBytes), into.subarray(written)).length;
      }
    } catch {
      into.fill(0, 0, written);
      throw unopenable();
    }
    return into.subarray(0, written);
  }
}

/**
 * Encrypts a message that is in memory.
 * @returns salt ‖ commitment ‖ chunks, `sealedLength(plaintext.length)` bytes.
 * @throws CodedError as `ChunkSealer`.
 */
export function sealChunks(key: Uint8Array, context: Uint8Array, plaintext: Uint8Array, salt: Uint8Array): Uint8Array {
  const sealer = new ChunkSealer(key, context, salt);
  const sealed = new Uint8Array(sealedLength(plaintext.length));
  sealed.set(sealer.header);
  sealer.seal(plaintext, true, sealed.subarray(CHUNK.headerBytes));
  return sealed;
}

/**
 * Decrypts a message that is in memory, whole or not at all.
 * @throws CodedError UNOPENABLE, whatever is wrong.
 */
export function openChunks(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  const plaintext = new Uint8Array(plaintextLength(sealed.length));
  return new ChunkOpener(key, context, sealed.subarray(0, CHUNK.headerBytes)).open(0, sealed.subarray(CHUNK.headerBytes), plaintext);
}
