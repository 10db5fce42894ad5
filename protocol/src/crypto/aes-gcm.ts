/** AES-256-GCM (NIST SP 800-38D) as all of ours use it: one length of key, nonce and tag, bounded messages, no plaintext before its tag was checked. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';

import { CodedError } from '../error.js';

const algorithm = 'aes-256-gcm';

/** Lengths in bytes. A longer message is what chunked encryption is for: Node refuses one of 2^31 in the middle of the work, and is slow long before. */
export const GCM = { keyBytes: 32, nonceBytes: 12, tagBytes: 16, messageBytes: 1024 * 1024 } as const;

/** Node takes tags down to 4 bytes from whoever does not fix their length. */
const options = { authTagLength: GCM.tagBytes };

/** Gives memory back now: what waits for the collector piles up to far more than a stream may hold. */
function free(part: Uint8Array<ArrayBuffer>): void {
  if (part.length === part.buffer.byteLength) part.buffer.transfer(0);
}

/** A key for `sealGcm` and `openGcm`, 32 bytes. Made once for many messages, because Node takes longer over bytes than over a key object. @throws CodedError BAD_KEY. */
export function gcmKey(bytes: Uint8Array): KeyObject {
  if (bytes.length !== GCM.keyBytes) throw new CodedError('BAD_KEY', `an AES-256 key has ${GCM.keyBytes} bytes, not ${bytes.length}`);
  return createSecretKey(bytes);
}

/**
 * Encrypts one message.
 * @param nonce 12 bytes, never twice with one key. Node would take 8, or any other number but none.
 * @param into where ciphertext ‖ tag goes, 16 bytes more than the message.
 * @param aad bound, not encrypted.
 * @returns the part of `into` that was written.
 * @throws CodedError BAD_FIELD for another nonce or too small an `into`; TOO_LARGE beyond `GCM.messageBytes`.
 */
export function sealGcm(key: KeyObject, nonce: Uint8Array, message: Uint8Array, into: Uint8Array, aad?: Uint8Array): Uint8Array {
  const end = message.length + GCM.tagBytes;
  if (nonce.length !== GCM.nonceBytes || into.length < end) throw new CodedError('BAD_FIELD', `a nonce has ${GCM.nonceBytes} bytes, sealed bytes have ${GCM.tagBytes} more than the message`);
  if (message.length > GCM.messageBytes) throw new CodedError('TOO_LARGE', `one message has at most ${GCM.messageBytes} bytes`);
  const cipher = createCipheriv(algorithm, key, nonce, options);
  if (aad !== undefined) cipher.setAAD(aad);
  const ciphertext = cipher.update(message);
  cipher.final();
  into.set(ciphertext);
  into.set(cipher.getAuthTag(), message.length);
  free(ciphertext);
  return into.subarray(0, end);
}

/**
 * Decrypts one message. `into` stays as it was unless the tag is right: Node's `update` gives plaintext before that, so it is
 * held back here, and wiped.
 * @param sealed ciphertext ‖ tag.
 * @param into where the message goes, 16 bytes less than `sealed`.
 * @returns the part of `into` that was written.
 * @throws CodedError UNOPENABLE, whatever is wrong.
 */
export function openGcm(key: KeyObject, nonce: Uint8Array, sealed: Uint8Array, into: Uint8Array, aad?: Uint8Array): Uint8Array {
  const bytes = sealed.length - GCM.tagBytes;
  try {
    if (nonce.length !== GCM.nonceBytes || bytes < 0 || bytes > GCM.messageBytes || into.length < bytes) throw new RangeError('lengths that sealing does not give');
    const decipher = createDecipheriv(algorithm, key, nonce, options);
    decipher.setAuthTag(sealed.subarray(bytes));
    if (aad !== undefined) decipher.setAAD(aad);
    const message = decipher.update(sealed.subarray(0, bytes));
    try {
      decipher.final();
      into.set(message);
    } finally {
      message.fill(0);
      free(message);
    }
    return into.subarray(0, bytes);
  } catch {
    throw new CodedError('UNOPENABLE', 'the sealed bytes do not open');
  }
}
