/** The algorithms of cosignatures, all pure, with empty context: ML-DSA-44 for others, the record's own ML-DSA for us, SLH-DSA for the long term. */
import { createPrivateKey, createPublicKey, sign, verify as opensslVerify } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { CodedError } from '../error.js';
import { signatureBackend, verifyWith, type SignatureBackend, type SignatureSuite } from '../crypto/ml-dsa.js';
import { newAnchorSigner, verifyAnchorSignature, type AnchorSuite } from '../crypto/slh-dsa.js';
import { anchorSuites, signatureSuites } from '../crypto/suites.js';

/** The algorithms whose keys are made for notes; they sign no statement. */
export type NoteKeyAlgorithm = 'mldsa44' | AnchorSuite;
/** Every algorithm of a line in a note. */
export type NoteAlgorithm = NoteKeyAlgorithm | SignatureSuite;

/** Bytes of public keys, signatures and seeds; ML-DSA-44's by FIPS 204, table 2. */
export const noteAlgorithms = { mldsa44: { publicKey: 1312, signature: 2420, seed: 32 }, ...signatureSuites, ...anchorSuites } as const;

/** A key that signs and does not show itself. */
export interface NoteKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

function isMlDsa44(backend: SignatureBackend, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (backend === 'noble') return ml_dsa44.verify(signature, message, publicKey);
  return opensslVerify(null, message, createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: 'ml-dsa-44' }), signature);
}

/** Verifies a signature over the message of a note. False for anything wrong; never throws. */
export function isNoteSignature(algorithm: NoteAlgorithm, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, backend: SignatureBackend = signatureBackend): boolean {
  const lengths = noteAlgorithms[algorithm];
  if (publicKey.length !== lengths.publicKey || signature.length !== lengths.signature) return false;
  try {
    if (algorithm === 'mldsa65' || algorithm === 'mldsa87') return verifyWith(backend, algorithm, publicKey, message, signature);
    if (algorithm === 'mldsa44') return isMlDsa44(backend, publicKey, message, signature);
    return verifyAnchorSignature(algorithm, publicKey, message, signature, undefined, backend);
  } catch {
    return false;
  }
}

/** A key for notes from its seed. @throws CodedError BAD_KEY for a seed of another length. */
export function newNoteKey(algorithm: NoteKeyAlgorithm, seed: Uint8Array, backend: SignatureBackend = signatureBackend): NoteKey {
  if (algorithm !== 'mldsa44') {
    const signer = newAnchorSigner(algorithm, seed, backend);
    return { publicKey: signer.publicKey, sign: (message) => signer.sign(message) };
  }
  const length = noteAlgorithms.mldsa44.seed;
  if (seed.length !== length) throw new CodedError('BAD_KEY', `a seed of ${algorithm} has ${length} bytes, not ${seed.length}`);
  const { publicKey, secretKey } = ml_dsa44.keygen(seed);
  if (backend === 'noble') return { publicKey, sign: (message) => ml_dsa44.sign(message, secretKey) };
  const key = createPrivateKey({ key: Buffer.from(seed), format: 'raw-seed', asymmetricKeyType: 'ml-dsa-44' });
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) };
}
