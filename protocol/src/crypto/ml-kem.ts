/** ML-KEM (FIPS 203): OpenSSL's where the runtime has it, noble's elsewhere, as the cross-check and where a run is replayed. */
import * as crypto from 'node:crypto';

import { ml_kem1024, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { z } from 'zod';

import { CodedError } from '../error.js';
import { kemSuites, suiteOf, type kemSuite } from './suites.js';
import { x25519Of, type X25519Keys } from './x25519.js';

/** A key encapsulation suite of participant records (PROTOCOL section 2). */
export type KemSuite = z.infer<typeof kemSuite>;

/** Who computes: `native` is node:crypto with raw keys (Node 24.15 and later), `noble` is JavaScript. */
export type KemBackend = 'native' | 'noble';

/** A recipient's key pair; the secret half is only used, never shown. */
export interface KemKeys {
  readonly suite: KemSuite;
  readonly encapsulationKey: Uint8Array;
  /**
   * The 32-byte shared secret. A ciphertext for somebody else gives another secret, not an error (implicit rejection).
   * @throws CodedError UNOPENABLE for a ciphertext of the wrong length.
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
  /** The X25519 pair from the same seed, for the suites that have one. */
  readonly x25519: X25519Keys;
}

/** What a sender gets: the ciphertext for the recipient (bytes as in `kemLengths`) and the 32-byte secret to derive from. */
export interface Encapsulation {
  readonly ciphertext: Uint8Array;
  readonly sharedSecret: Uint8Array;
}

/** Bytes of encapsulation keys, ciphertexts, seeds and shared secrets. */
export const kemLengths = kemSuites;

const openssl = { mlkem768: 'ml-kem-768', mlkem1024: 'ml-kem-1024' } as const;
const noble = { mlkem768: ml_kem768, mlkem1024: ml_kem1024 } as const;

const nativePrivateKey = (suite: KemSuite, seed: Uint8Array) =>
  crypto.createPrivateKey({ key: Buffer.from(seed), format: 'raw-seed', asymmetricKeyType: openssl[suite] });

/** The back end of this runtime, found by using it, because neither version numbers nor types tell what a build left out. */
export const kemBackend: KemBackend = (() => {
  try {
    nativePrivateKey('mlkem768', new Uint8Array(64));
    return 'native';
  } catch {
    return 'noble';
  }
})();

/**
 * Makes the key pair from its seed, the only form in which secret keys are kept.
 * @param seed d ‖ z of FIPS 203, algorithm 16: 64 random bytes.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a seed of another length.
 */
export function newKemKeys(suite: KemSuite, seed: Uint8Array, backend: KemBackend = kemBackend): KemKeys {
  const lengths = suiteOf(kemSuites, suite);
  if (seed.length !== lengths.seed) throw new CodedError('BAD_KEY', `a seed of ${suite} has ${lengths.seed} bytes, not ${seed.length}`);
  const x25519 = x25519Of(seed);
  const opened = (ciphertext: Uint8Array, decapsulate: () => Uint8Array): Uint8Array => {
    if (ciphertext.length !== lengths.ciphertext) throw new CodedError('UNOPENABLE', `a ciphertext of ${suite} has ${lengths.ciphertext} bytes`);
    return decapsulate();
  };
  if (backend === 'noble') {
    const { publicKey, secretKey } = noble[suite].keygen(seed);
    return { suite, x25519, encapsulationKey: publicKey, decapsulate: (ciphertext) => opened(ciphertext, () => noble[suite].decapsulate(ciphertext, secretKey)) };
  }
  const key = nativePrivateKey(suite, seed);
  const encapsulationKey = new Uint8Array(crypto.createPublicKey(key).export({ format: 'raw-public' }));
  return { suite, x25519, encapsulationKey, decapsulate: (ciphertext) => opened(ciphertext, () => new Uint8Array(crypto.decapsulate(key, ciphertext))) };
}

/**
 * Checks an encapsulation key that came from outside: its length, and the modulus check of FIPS 203, section 7.2 (each of
 * the 12-bit coefficients before the 32-byte ρ is below q = 3329). Never throws; an unknown suite is false.
 */
export function checkEncapsulationKey(suite: KemSuite, key: Uint8Array): boolean {
  if (!Object.hasOwn(kemLengths, suite) || key.length !== kemLengths[suite].encapsulationKey) return false;
  for (let at = 0; at < key.length - 32; at += 3) {
    const [a = 0, b = 0, c = 0] = key.subarray(at, at + 3);
    if ((a | ((b & 15) << 8)) >= 3329 || ((b >> 4) | (c << 4)) >= 3329) return false;
  }
  return true;
}

/**
 * Encapsulates a fresh secret to a recipient's key.
 * @param random the 32 bytes m of FIPS 203, algorithm 20, so that a run can be replayed; left out, OpenSSL draws them where
 *   the runtime has it (it takes no m from outside).
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY when the key fails `checkEncapsulationKey`.
 */
export function encapsulate(suite: KemSuite, encapsulationKey: Uint8Array, random?: (length: number) => Uint8Array): Encapsulation {
  suiteOf(kemSuites, suite);
  if (!checkEncapsulationKey(suite, encapsulationKey)) throw new CodedError('BAD_KEY', `not an encapsulation key of ${suite} (FIPS 203, section 7.2)`);
  if (random !== undefined || kemBackend === 'noble') {
    const { cipherText, sharedSecret } = noble[suite].encapsulate(encapsulationKey, random?.(32));
    return { ciphertext: cipherText, sharedSecret };
  }
  const key = crypto.createPublicKey({ key: Buffer.from(encapsulationKey), format: 'raw-public', asymmetricKeyType: openssl[suite] });
  const { ciphertext, sharedKey } = crypto.encapsulate(key);
  return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
}
