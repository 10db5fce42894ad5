/** ML-DSA (FIPS 204), pure, in the protocol with empty context: OpenSSL's where the runtime has it, noble's elsewhere and as the cross-check. */
import { createPrivateKey, createPublicKey, sign, verify as opensslVerify, type KeyObject } from 'node:crypto';

import { ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import type { z } from 'zod';

import { CodedError } from '../error.js';
import { signatureSuites, suiteOf, type signatureSuite } from './suites.js';

/** A signature suite of PROTOCOL section 2. */
export type SignatureSuite = z.infer<typeof signatureSuite>;

/** Who computes: `native` is node:crypto with raw keys (Node 24.15 and later), `noble` is JavaScript. */
export type SignatureBackend = 'native' | 'noble';

/** Signs with one key, which it does not show. */
export interface Signer {
  readonly suite: SignatureSuite;
  readonly publicKey: Uint8Array;
  /** A pure ML-DSA signature, with empty context unless told otherwise; hedged, so two signatures of one message differ. */
  sign(message: Uint8Array, context?: Uint8Array): Uint8Array;
}

/** Bytes of public keys, signatures and seeds. */
export const signatureLengths = signatureSuites;

const openssl = { mldsa65: 'ml-dsa-65', mldsa87: 'ml-dsa-87' } as const;
const noble = { mldsa65: ml_dsa65, mldsa87: ml_dsa87 } as const;

const nativePrivateKey = (suite: SignatureSuite, seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.from(seed), format: 'raw-seed', asymmetricKeyType: openssl[suite] });

/** The back end of this runtime, found by using it, because neither version numbers nor types tell what a build left out. */
export const signatureBackend: SignatureBackend = (() => {
  try {
    nativePrivateKey('mldsa65', new Uint8Array(32));
    return 'native';
  } catch {
    return 'noble';
  }
})();

const empty = new Uint8Array();

/**
 * Makes a signer from its seed, the only form in which secret keys are kept.
 * @param seed ξ of FIPS 204, algorithm 6: 32 random bytes.
 * @param random the 32 bytes rnd of FIPS 204, algorithm 2, so that a run can be replayed (zeros: the deterministic variant); left out,
 *   the back end draws them. OpenSSL takes none from outside, so with it noble signs.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a seed of another length.
 */
export function newSigner(suite: SignatureSuite, seed: Uint8Array, backend: SignatureBackend = signatureBackend, random?: (length: number) => Uint8Array): Signer {
  const length = suiteOf(signatureSuites, suite).seed;
  if (seed.length !== length) throw new CodedError('BAD_KEY', `a seed of ${suite} has ${length} bytes, not ${seed.length}`);
  if (backend === 'noble' || random !== undefined) {
    const { publicKey, secretKey } = noble[suite].keygen(seed);
    return { suite, publicKey, sign: (message, context = empty) => noble[suite].sign(message, secretKey, { context, ...(random === undefined ? {} : { extraEntropy: random(32) }) }) };
  }
  const key = nativePrivateKey(suite, seed);
  const publicKey = new Uint8Array(createPublicKey(key).export({ format: 'raw-public' }));
  return { suite, publicKey, sign: (message, context = empty) => new Uint8Array(sign(null, message, { key, context })) };
}

/** How many public keys are kept ready: more than the members of a channel. */
const keptKeys = 256;
const readyKeys = new Map<string, KeyObject>();

/** OpenSSL's form of a raw public key. Reading one costs a third of a verification, and a member's key comes again and again. */
function nativePublicKey(suite: SignatureSuite, publicKey: Uint8Array): KeyObject {
  const bytes = Buffer.from(publicKey);
  const name = suite + bytes.toString('latin1');
  const ready = readyKeys.get(name);
  if (ready !== undefined) return ready;
  const key = createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType: openssl[suite] });
  if (readyKeys.size >= keptKeys) readyKeys.clear();
  readyKeys.set(name, key);
  return key;
}

/**
 * Verifies with a chosen back end; both give the same answer on every input (`npm run vectors`).
 * @param context of FIPS 204, section 5.2, at most 255 bytes; statements have none.
 * Never throws: wrong lengths, keys a back end refuses to read and unknown suites are false, because endorsers on different
 * runtimes must agree and must not repeat a library's words.
 */
export function verifyWith(backend: SignatureBackend, suite: SignatureSuite, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, context: Uint8Array = empty): boolean {
  try {
    const lengths = signatureLengths[suite];
    if (publicKey.length !== lengths.publicKey || signature.length !== lengths.signature) return false;
    if (backend === 'noble') return noble[suite].verify(signature, message, publicKey, { context });
    const key = nativePublicKey(suite, publicKey);
    // Options cost Node a tenth of a verification, and statements have none.
    return opensslVerify(null, message, context.length === 0 ? key : { key, context }, signature);
  } catch {
    return false;
  }
}

/** Verifies a pure ML-DSA signature with empty context (FIPS 204, algorithm 3). False for anything wrong; never throws. */
export const verify = (suite: SignatureSuite, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  verifyWith(signatureBackend, suite, publicKey, message, signature);
