/** HMAC and HKDF-Expand: every key of the protocol comes out of these two. */
import { createHmac } from 'node:crypto';

import { concat } from '../encoding/digest.js';
import { CodedError } from '../error.js';

/** HMAC-SHA-256 (RFC 2104), 32 bytes. */
export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha256', key).update(message).digest());

/** HMAC-SHA-512 (RFC 2104), 64 bytes. As HKDF-Extract: the salt is the key, the input keying material the message. */
export const hmacSha512 = (key: Uint8Array, message: Uint8Array): Uint8Array => new Uint8Array(createHmac('sha512', key).update(message).digest());

const blockBytes = 64;

/**
 * HKDF-Expand with SHA-512 (RFC 5869, section 2.3).
 * @param prk uniformly random; the RFC asks for 64 bytes, the chunk format gives 32.
 * @param info what the key is for; nobody else may use the same `prk` and `info`.
 * @param length bytes wanted, 1 to 16,320.
 * @throws CodedError BAD_FIELD for another length.
 */
export function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > 255 * blockBytes) throw new CodedError('BAD_FIELD', `HKDF-Expand gives 1 to ${255 * blockBytes} bytes, not ${length}`);
  const blocks: Uint8Array[] = [];
  let block = new Uint8Array();
  for (let counter = 1; blocks.length * blockBytes < length; counter += 1) {
    block = new Uint8Array(hmacSha512(prk, concat(block, info, Uint8Array.of(counter))));
    blocks.push(block);
  }
  return concat(...blocks).slice(0, length);
}
