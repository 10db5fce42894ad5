/** Encrypts small secrets with an AES-256 key that never leaves its token (HSM): AES-256-GCM inside the token. */
import { CodedError } from '@epione/protocol';
import { UsageError } from './faults.js';
import { CK, loadPkcs11, type Handle, type Mechanism, type Pkcs11 } from './pkcs11.js';
import { closeSession, nameOf, oneKey, openSession } from './pkcs11-session.js';
import type { Pkcs11Key } from './profile.js';

/** The same bytes, not a copy, so that whoever wipes them wipes all. */
const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const tagBytes = 16;
const keyBytes = 32;

/** A mechanism that the token's AES-GCM takes: 96-bit IV, 128-bit tag. */
const gcm = (iv: Uint8Array, aad: Uint8Array): Mechanism => ({
  mechanism: CK.aesGcm,
  parameter: { type: CK.gcmParameters, iv: Buffer.from(iv), aad: Buffer.from(aad), ivBits: iv.length * 8, tagBits: tagBytes * 8 },
});

function withKey<T>(wanted: Pkcs11Key, act: (module: Pkcs11, session: Handle, key: Handle) => T): T {
  const module = loadPkcs11(wanted.module);
  const session = openSession(module, wanted, (handle) => {
    const key = oneKey(module, handle, wanted, 'AES key', [{ type: CK.class, value: CK.secretKey }, { type: CK.keyType, value: CK.aes }]);
    const length = module.C_GetAttributeValue(handle, key, [{ type: CK.valueLength }])[0]?.value.readUInt8() ?? 0;
    if (length !== keyBytes) throw new UsageError(`the key ${nameOf(wanted)} has ${length * 8} bits, not ${keyBytes * 8}`);
    return { handle, key };
  });
  try {
    return act(module, session.handle, session.key);
  } finally {
    closeSession(module, session.handle);
  }
}

/**
 * Encrypts with a token's key.
 * @param iv 12 random bytes, never used twice with one key.
 * @param aad what the secret is for; needed again to decrypt.
 * @returns ciphertext ‖ tag (16 bytes).
 * @throws UsageError for a missing binding, module, token or key, and a wrong PIN.
 */
export const tokenEncrypt = (wanted: Pkcs11Key, plain: Uint8Array, iv: Uint8Array, aad: Uint8Array): Uint8Array =>
  withKey(wanted, (module, session, key) => {
    module.C_EncryptInit(session, gcm(iv, aad), key);
    return new Uint8Array(module.C_Encrypt(session, viewOf(plain), Buffer.alloc(plain.length + tagBytes)));
  });

/**
 * Decrypts what `tokenEncrypt` gave.
 * @throws CodedError UNOPENABLE for another key, IV, purpose or any changed byte; UsageError as `tokenEncrypt`.
 */
export const tokenDecrypt = (wanted: Pkcs11Key, box: Uint8Array, iv: Uint8Array, aad: Uint8Array): Uint8Array =>
  withKey(wanted, (module, session, key) => {
    if (box.length < tagBytes) throw new CodedError('UNOPENABLE', 'this is shorter than a tag');
    const room = Buffer.alloc(box.length);
    try {
      module.C_DecryptInit(session, gcm(iv, aad), key);
      return Uint8Array.from(module.C_Decrypt(session, viewOf(box), room));
    } catch (cause) {
      throw new CodedError('UNOPENABLE', `this does not open under the key ${nameOf(wanted)} of token ${wanted.tokenLabel}`, { cause });
    } finally {
      room.fill(0);
    }
  });
