/** SLH-DSA (FIPS 205), pure, for anchors that must outlive doubts about lattices: OpenSSL's where the runtime has it, noble's elsewhere. */
import { createPrivateKey, createPublicKey, sign, verify as opensslVerify } from 'node:crypto';

import { slh_dsa_sha2_128s, slh_dsa_sha2_256s } from '@noble/post-quantum/slh-dsa.js';
import type { z } from 'zod';

import { CodedError } from '../error.js';
import { anchorSuites, suiteOf, type anchorSuite } from './suites.js';

/** An anchor signature suite of the registry. */
export type AnchorSuite = z.infer<typeof anchorSuite>;

/** Who computes: `native` is node:crypto with raw keys (Node 24.15 and later), `noble` is JavaScript, thirty times slower. */
export type AnchorBackend = 'native' | 'noble';

/** Signs anchors with one key, which it does not show. */
export interface AnchorSigner {
  readonly suite: AnchorSuite;
  readonly publicKey: Uint8Array;
  /** A pure SLH-DSA signature, with empty context unless told otherwise; it takes a second or more, because its parameters favour short signatures. */
  sign(message: Uint8Array, context?: Uint8Array): Uint8Array;
}

const openssl = { slhdsa128s: 'slh-dsa-sha2-128s', slhdsa256s: 'slh-dsa-sha2-256s' } as const;
const noble = { slhdsa128s: slh_dsa_sha2_128s, slhdsa256s: slh_dsa_sha2_256s } as const;
const empty = new Uint8Array();

/** The back end of this runtime, found by using it. */
export const anchorBackend: AnchorBackend = (() => {
  try {
    createPublicKey({ key: Buffer.alloc(anchorSuites.slhdsa128s.publicKey), format: 'raw-public', asymmetricKeyType: openssl.slhdsa128s });
    return 'native';
  } catch {
    return 'noble';
  }
})();

/**
 * Makes a signer from its seed. The public key is always noble's work, because OpenSSL takes no seed.
 * @param seed SK.seed ‖ SK.prf ‖ PK.seed of FIPS 205, algorithm 18: random bytes, as many as the registry says.
 * @param random the bytes addrnd of FIPS 205, algorithm 22, so that a run can be replayed; left out, the back end draws them. With it noble signs.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a seed of another length.
 */
export function newAnchorSigner(suite: AnchorSuite, seed: Uint8Array, backend: AnchorBackend = anchorBackend, random?: (length: number) => Uint8Array): AnchorSigner {
  const length = suiteOf(anchorSuites, suite).seed;
  if (seed.length !== length) throw new CodedError('BAD_KEY', `a seed of ${suite} has ${length} bytes, not ${seed.length}`);
  const { publicKey, secretKey } = noble[suite].keygen(seed);
  if (backend === 'noble' || random !== undefined) {
    return { suite, publicKey, sign: (message, context = empty) => noble[suite].sign(message, secretKey, { context, ...(random === undefined ? {} : { extraEntropy: random(length / 3) }) }) };
  }
  const key = createPrivateKey({ key: Buffer.from(secretKey), format: 'raw-private', asymmetricKeyType: openssl[suite] });
  return { suite, publicKey, sign: (message, context = empty) => new Uint8Array(sign(null, message, { key, context })) };
}

/**
 * Verifies an anchor's signature. False for anything wrong, unknown suites too; never throws.
 * @param context at most 255 bytes; both sides name the same.
 */
export function verifyAnchorSignature(suite: AnchorSuite, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, context: Uint8Array = empty, backend: AnchorBackend = anchorBackend): boolean {
  try {
    const lengths = anchorSuites[suite];
    if (publicKey.length !== lengths.publicKey || signature.length !== lengths.signature) return false;
    if (backend === 'noble') return noble[suite].verify(signature, message, publicKey, { context });
    return opensslVerify(null, message, { key: createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: openssl[suite] }), context }, signature);
  } catch {
    return false;
  }
}
