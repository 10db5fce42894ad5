/** X25519 (RFC 7748), the optional classical third of a wrap: it helps should ML-KEM fall and no quantum computer exist yet. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';

import { concat, fromHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { expand, hmacSha512 } from './hkdf.js';

/** Bytes of public keys, private keys and shared secrets. */
export const x25519Bytes = 32;

/** The DER in front of a raw key (RFC 8410), because raw import came late to runtimes. */
const pkcs8 = fromHex('302e020100300506032b656e04220420');
const spki = fromHex('302a300506032b656e032100');

/** A key pair; the secret half is only used, never shown. */
export interface X25519Keys {
  readonly publicKey: Uint8Array;
  /**
   * The 32-byte shared secret with another public key.
   * @throws CodedError BAD_KEY for another length and for points of small order, which would give zeros.
   */
  agree(publicKey: Uint8Array): Uint8Array;
}

function publicKeyOf(raw: Uint8Array): KeyObject {
  if (raw.length !== x25519Bytes) throw new CodedError('BAD_KEY', `an X25519 key has ${x25519Bytes} bytes, not ${raw.length}`);
  return createPublicKey({ key: Buffer.from(concat(spki, raw)), format: 'der', type: 'spki' });
}

/** The key pair of a private key of 32 random bytes. @throws CodedError BAD_KEY for another length. */
export function newX25519Keys(secret: Uint8Array): X25519Keys {
  if (secret.length !== x25519Bytes) throw new CodedError('BAD_KEY', `an X25519 private key has ${x25519Bytes} bytes, not ${secret.length}`);
  const privateKey = createPrivateKey({ key: Buffer.from(concat(pkcs8, secret)), format: 'der', type: 'pkcs8' });
  const agree = (other: Uint8Array): Uint8Array => {
    const publicKey = publicKeyOf(other);
    try {
      return new Uint8Array(diffieHellman({ privateKey, publicKey }));
    } catch {
      throw new CodedError('BAD_KEY', 'an X25519 key of small order');
    }
  };
  return { publicKey: new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(spki.length)), agree };
}

/**
 * The X25519 half of a recipient, from the seed of its ML-KEM keys under a label of its own (as X-Wing expands one seed), so that
 * one seed is kept, backed up and destroyed. Whoever breaks ML-KEM from the public key does not get the seed.
 */
export const x25519Of = (kemSeed: Uint8Array): X25519Keys =>
  newX25519Keys(expand(hmacSha512(new TextEncoder().encode('epione/v1/x25519'), kemSeed), new TextEncoder().encode('private key'), x25519Bytes));
