/**
 * Composite signatures id-MLDSA65-ECDSA-P256-SHA512 (draft-ietf-lamps-pq-composite-sigs), for evidence that others check with their own
 * software: both parts must hold. No suite of the ledger (decision 0026).
 */
import { createPrivateKey, createPublicKey, sign, verify as opensslVerify } from 'node:crypto';

import { concat, fromHex, sha512 } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { newSigner, signatureBackend, verifyWith, type SignatureBackend } from './ml-dsa.js';
import { signatureSuites } from './suites.js';

/** OID 1.3.6.1.5.5.7.6.45 in DER. */
export const compositeOid = fromHex('06082b0601050507062d');

const ascii = new TextEncoder();
const prefix = ascii.encode('CompositeAlgorithmSignatures2025');
/** Also ML-DSA's context, so that a part alone is no signature of anything else. */
const label = ascii.encode('COMPSIG-MLDSA65-ECDSA-P256-SHA512');
const { publicKey: pqKeyBytes, signature: pqSignatureBytes, seed: seedBytes } = signatureSuites.mldsa65;
const pointBytes = 65;
/** The DER in front of an uncompressed point of P-256 (RFC 5480). */
const spki = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200');

/** Bytes of a public key: ML-DSA's, then the uncompressed point. A signature has 3,309 and DER of at most 72. */
export const compositeKeyBytes = pqKeyBytes + pointBytes;

/** Signs with one composite key, which serves nothing else. */
export interface CompositeSigner {
  readonly publicKey: Uint8Array;
  /** @param context at most 255 bytes. @returns ML-DSA-65 signature ‖ ECDSA signature in DER. @throws CodedError TOO_LARGE for a longer context. */
  sign(message: Uint8Array, context?: Uint8Array): Uint8Array;
}

/** M' of the draft, section 2: prefix ‖ label ‖ len(ctx) ‖ ctx ‖ SHA-512(M). */
export function compositeMessage(message: Uint8Array, context: Uint8Array): Uint8Array {
  if (context.length > 255) throw new CodedError('TOO_LARGE', 'a context has at most 255 bytes');
  return concat(prefix, label, Uint8Array.of(context.length), context, sha512(message));
}

/**
 * Makes a signer.
 * @param secret the draft's private key: 32 bytes of ML-DSA seed ‖ ECPrivateKey of P-256 in DER (RFC 5915, with parameters).
 * @throws CodedError BAD_KEY.
 */
export function newCompositeSigner(secret: Uint8Array, backend: SignatureBackend = signatureBackend): CompositeSigner {
  const pq = newSigner('mldsa65', secret.subarray(0, seedBytes), backend);
  const key = readEcKey(secret.subarray(seedBytes));
  const publicKey = concat(pq.publicKey, createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(spki.length));
  return {
    publicKey,
    sign: (message, context = new Uint8Array()) => {
      const bound = compositeMessage(message, context);
      return concat(pq.sign(bound, label), sign('sha256', bound, key));
    },
  };
}

function readEcKey(der: Uint8Array) {
  try {
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'sec1' });
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Whatever the library says of a secret key stays here.
  }
  throw new CodedError('BAD_KEY', 'not an ECPrivateKey of P-256 in DER');
}

/** Verifies a composite signature: true only when both parts hold. False for anything wrong; never throws. */
export function verifyComposite(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, context: Uint8Array = new Uint8Array(), backend: SignatureBackend = signatureBackend): boolean {
  try {
    if (publicKey.length !== compositeKeyBytes || publicKey[pqKeyBytes] !== 4) return false;
    const bound = compositeMessage(message, context);
    const pq = verifyWith(backend, 'mldsa65', publicKey.subarray(0, pqKeyBytes), bound, signature.subarray(0, pqSignatureBytes), label);
    const key = createPublicKey({ key: Buffer.from(concat(spki, publicKey.subarray(pqKeyBytes))), format: 'der', type: 'spki' });
    const classical = opensslVerify('sha256', bound, key, signature.subarray(pqSignatureBytes));
    return pq && classical;
  } catch {
    return false;
  }
}
