/** C2SP chunked encryption (c2sp.org/chunked-encryption@v1) with AEAD_AES_256_GCM and HKDF-SHA-512: key-committing, in chunks of 16 KiB. */
import { createCipheriv, createDecipheriv, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';

import { concat } from './digest.js';
import { CodedError } from './error.js';
import { expand } from './hkdf.js';

const keyBytes = 32;
const saltBytes = 24;
const nonceBytes = 12;
const commitmentBytes = 32;
const tagBytes = 16;
const chunkBytes = 16 * 1024;
const headerBytes = saltBytes + commitmentBytes;
const label = new TextEncoder().encode('c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0');

/** What one message is sealed with; derived once for a message, whether its chunks come from memory or from a stream. */
interface ChunkKeys {
  readonly key: KeyObject;
  readonly baseNonce: Uint8Array;
  readonly commitment: Uint8Array;
}

function deriveChunkKeys(inputKey: Uint8Array, salt: Uint8Array, context: Uint8Array): ChunkKeys {
  const derived = expand(inputKey, concat(label, salt, context), keyBytes + nonceBytes + commitmentBytes);
  const commitmentAt = keyBytes + nonceBytes;
  return { key: createSecretKey(derived.subarray(0, keyBytes)), baseNonce: derived.subarray(keyBytes, commitmentAt), commitment: derived.subarray(commitmentAt) };
}

/** Base nonce XOR chunk number; the last four bytes are enough, because 2^32 chunks are 64 TiB. */
function chunkNonce(baseNonce: Uint8Array, index: number): Uint8Array {
  const nonce = baseNonce.slice();
  const view = new DataView(nonce.buffer);
  view.setUint32(nonceBytes - 4, (view.getUint32(nonceBytes - 4) ^ index) >>> 0);
  return nonce;
}

function sealChunk(keys: ChunkKeys, index: number, chunk: Uint8Array, into: Uint8Array): void {
  const cipher = createCipheriv('aes-256-gcm', keys.key, chunkNonce(keys.baseNonce, index), { authTagLength: tagBytes });
  into.set(cipher.update(chunk));
  cipher.final();
  into.set(cipher.getAuthTag(), chunk.length);
}

/** Node accepts tags of 4 bytes unless the length is fixed, and gives plaintext before it has checked the tag: hence `into` is ours until the end. */
function openChunk(keys: ChunkKeys, index: number, sealed: Uint8Array, into: Uint8Array): void {
  const decipher = createDecipheriv('aes-256-gcm', keys.key, chunkNonce(keys.baseNonce, index), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  into.set(decipher.update(sealed.subarray(0, sealed.length - tagBytes)));
  decipher.final();
}

/** Bytes that `sealChunks` makes of so many bytes: 56 for the header, 16 for each full chunk and for the short one at the end. */
export const sealedLength = (plaintextBytes: number): number => headerBytes + plaintextBytes + tagBytes * (Math.floor(plaintextBytes / chunkBytes) + 1);

/**
 * Encrypts a message.
 * @param key the input key: 32 uniformly random bytes.
 * @param context what the message is bound to; opening needs the same bytes.
 * @param salt 24 random bytes, never twice with one key.
 * @returns salt ‖ commitment ‖ chunks, `sealedLength(plaintext.length)` bytes.
 * @throws CodedError BAD_KEY, BAD_FIELD for a key or salt of another length.
 */
export function sealChunks(key: Uint8Array, context: Uint8Array, plaintext: Uint8Array, salt: Uint8Array): Uint8Array {
  if (key.length !== keyBytes) throw new CodedError('BAD_KEY', `the input key has ${keyBytes} bytes, not ${key.length}`);
  if (salt.length !== saltBytes) throw new CodedError('BAD_FIELD', `the salt has ${saltBytes} bytes, not ${salt.length}`);
  const keys = deriveChunkKeys(key, salt, context);
  const sealed = new Uint8Array(sealedLength(plaintext.length));
  sealed.set(salt);
  sealed.set(keys.commitment, saltBytes);
  let at = headerBytes;
  for (let index = 0; at < sealed.length; index += 1) {
    const chunk = plaintext.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    sealChunk(keys, index, chunk, sealed.subarray(at));
    at += chunk.length + tagBytes;
  }
  return sealed;
}

/**
 * Decrypts a message, whole or not at all.
 * @param key the input key, 32 bytes.
 * @param context the bytes it was sealed with.
 * @throws CodedError UNOPENABLE, whatever is wrong.
 */
export function openChunks(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    return openAll(key, context, sealed);
  } catch {
    throw new CodedError('UNOPENABLE', 'the sealed bytes do not open under this key and context');
  }
}

function openAll(key: Uint8Array, context: Uint8Array, sealed: Uint8Array): Uint8Array {
  const chunks = Math.ceil((sealed.length - headerBytes) / (chunkBytes + tagBytes));
  const plaintext = new Uint8Array(sealed.length - headerBytes - tagBytes * chunks);
  if (key.length !== keyBytes || sealedLength(plaintext.length) !== sealed.length) throw new RangeError('not a length that sealing gives');
  const keys = deriveChunkKeys(key, sealed.subarray(0, saltBytes), context);
  if (!timingSafeEqual(keys.commitment, sealed.subarray(saltBytes, headerBytes))) throw new RangeError('another key or context');
  for (let index = 0; index < chunks; index += 1) {
    const at = headerBytes + index * (chunkBytes + tagBytes);
    openChunk(keys, index, sealed.subarray(at, at + chunkBytes + tagBytes), plaintext.subarray(index * chunkBytes));
  }
  return plaintext;
}
