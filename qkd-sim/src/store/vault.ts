/** Encryption of keys at rest: AES-256-GCM under the site's store key, bound to the place the bytes belong to. */
import { type KeyObject, createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto';
import { QkdError } from '../error.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What sealing adds. */
export const SEAL_BYTES = NONCE_BYTES + TAG_BYTES;
/** Drawn at once: one call of the system's generator for many nonces. */
const NONCES = 256;

export class Vault {
  readonly #key: KeyObject;
  readonly #nonces = Buffer.alloc(NONCES * NONCE_BYTES);
  #next = NONCES;

  /** @param key 32 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new QkdError('CONFIG', `a store key has 32 bytes, not ${key.length}`);
    this.#key = createSecretKey(key);
  }

  /** Nonce, ciphertext, tag. */
  seal(bytes: Uint8Array, place: string): Uint8Array {
    const nonce = this.#nonce();
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws QkdError STORE when the bytes were not sealed by this key for this place */
  open(sealed: Uint8Array, place: string): Uint8Array {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw new QkdError('STORE', `the stored ${place} does not open under this site's store key`, { cause, remedy: 'Check storeKeyFile.' });
    }
  }

  #nonce(): Uint8Array {
    if (this.#next === NONCES) {
      randomFillSync(this.#nonces);
      this.#next = 0;
    }
    const start = NONCE_BYTES * this.#next++;
    return this.#nonces.subarray(start, start + NONCE_BYTES);
  }
}
