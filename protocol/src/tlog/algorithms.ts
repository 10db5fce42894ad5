/** The algorithms of cosignatures: ML-DSA-44 for others, the record's own ML-DSA for us, SLH-DSA for the long term; all pure, with empty context. */
import { createPrivateKey, createPublicKey, sign, verify as opensslVerify } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { slh_dsa_sha2_256s } from '@noble/post-quantum/slh-dsa.js';
import { CodedError } from '../error.js';
import { signatureBackend, verify, type SignatureBackend } from '../ml-dsa.js';

/** `mldsa65` and `mldsa87` are keys of records; the others exist for notes only and sign no statement. */
export type NoteAlgorithm = 'mldsa44' | 'mldsa65' | 'mldsa87' | 'slhdsa256s';
/** The algorithms whose keys are made for notes. */
export type NoteKeyAlgorithm = 'mldsa44' | 'slhdsa256s';

/** Bytes of public keys and signatures (FIPS 204, table 2; FIPS 205, table 2). */
export const noteKeyLengths = {
  mldsa44: { publicKey: 1312, signature: 2420 },
  mldsa65: { publicKey: 1952, signature: 3309 },
  mldsa87: { publicKey: 2592, signature: 4627 },
  slhdsa256s: { publicKey: 64, signature: 29_792 },
} as const satisfies Record<NoteAlgorithm, object>;

/** Bytes of the seed from which a key of a note is made: ξ of ML-DSA; SK.seed ‖ SK.prf ‖ PK.seed of SLH-DSA. */
export const noteSeedLengths = { mldsa44: 32, slhdsa256s: 96 } as const satisfies Record<NoteKeyAlgorithm, number>;

const noble = { mldsa44: ml_dsa44, slhdsa256s: slh_dsa_sha2_256s } as const;
const openssl = { mldsa44: 'ml-dsa-44', slhdsa256s: 'slh-dsa-sha2-256s' } as const;

/** Verifies with a chosen back end. Never throws. */
export function isNoteSignatureWith(backend: SignatureBackend, algorithm: NoteKeyAlgorithm, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const lengths = noteKeyLengths[algorithm];
  if (publicKey.length !== lengths.publicKey || signature.length !== lengths.signature) return false;
  try {
    if (backend === 'noble') return noble[algorithm].verify(signature, message, publicKey);
    return opensslVerify(null, message, createPublicKey({ key: Buffer.from(publicKey), format: 'raw-public', asymmetricKeyType: openssl[algorithm] }), signature);
  } catch {
    return false;
  }
}

/** Verifies a signature over the message of a note. False for anything wrong; never throws. */
export const isNoteSignature = (algorithm: NoteAlgorithm, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  algorithm === 'mldsa65' || algorithm === 'mldsa87' ? verify(algorithm, publicKey, message, signature) : isNoteSignatureWith(signatureBackend, algorithm, publicKey, message, signature);

/** A key that signs and does not show itself. */
export interface NoteKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** A key for notes from its seed. @throws CodedError BAD_KEY for a seed of another length. */
export function newNoteKey(algorithm: NoteKeyAlgorithm, seed: Uint8Array, backend: SignatureBackend = signatureBackend): NoteKey {
  const length = noteSeedLengths[algorithm];
  if (seed.length !== length) throw new CodedError('BAD_KEY', `a seed of ${algorithm} has ${length} bytes, not ${seed.length}`);
  const { publicKey, secretKey } = noble[algorithm].keygen(seed);
  if (backend === 'noble') return { publicKey, sign: (message) => noble[algorithm].sign(message, secretKey) };
  // OpenSSL reads ML-DSA from its seed, SLH-DSA from the whole private key only.
  const asymmetricKeyType = openssl[algorithm];
  const key = algorithm === 'mldsa44' ? createPrivateKey({ key: Buffer.from(seed), format: 'raw-seed', asymmetricKeyType }) : createPrivateKey({ key: Buffer.from(secretKey), format: 'raw-private', asymmetricKeyType });
  return { publicKey, sign: (message) => new Uint8Array(sign(null, message, key)) };
}
