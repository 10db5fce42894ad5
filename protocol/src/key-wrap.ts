/** The wrap of a content key for one recipient: ML-KEM and QKD combined, everything public bound (PROTOCOL section 6; NIST SP 800-56C, SP 800-227). */
import { createCipheriv, createDecipheriv } from 'node:crypto';

import type { z } from 'zod';

import { concat, frame, sha256, sha512, type Digest } from './digest.js';
import { CodedError } from './error.js';
import { expand, hmacSha512 } from './hkdf.js';
import { kemLengths, type KemSuite } from './ml-kem.js';
import { needsQkd, type sealingSuite } from './suites.js';

/** A sealing suite of PROTOCOL section 2: the name alone fixes what a wrap is made of, and stands in every derivation. */
export type SealingSuite = z.infer<typeof sealingSuite>;

/** What a sealed object is for; bound, so that a key made for one purpose opens nothing of another. */
export type SealPurpose = 'update' | 'masked' | 'pair' | 'rescue';

/** Everything public that a wrap is bound to (T of PROTOCOL section 6). The last three are there exactly when the suite has QKD. */
export interface WrapContext {
  readonly suite: SealingSuite;
  readonly study: Digest;
  readonly epoch: number;
  readonly round: number;
  readonly purpose: SealPurpose;
  /** Sender's MSP ID and the digest of its participant record. */
  readonly from: string;
  readonly fromRecord: Digest;
  /** Recipient's MSP ID and the digest of its participant record. */
  readonly to: string;
  readonly toRecord: Digest;
  /** Recipient's ML-KEM key and the ciphertext made with it (bytes as in `kemLengths`). */
  readonly encapsulationKey: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** SAE IDs of sender (master) and recipient (slave), and the ETSI key_IDs exactly as the KME gave them, in order. */
  readonly masterSae?: string | undefined;
  readonly slaveSae?: string | undefined;
  readonly keyIds?: readonly string[] | undefined;
}

/** A record, so that a suite added to the list does not compile before its wrap is written. */
const kemOf: Readonly<Record<SealingSuite, KemSuite>> = {
  'seal-mlkem768-qkd': 'mlkem768',
  'seal-mlkem1024-qkd': 'mlkem1024',
  'seal-mlkem768': 'mlkem768',
  'seal-mlkem1024': 'mlkem1024',
};

/**
 * The KEM of a sealing suite.
 * @throws CodedError UNKNOWN_SUITE.
 */
export function sealingKem(suite: SealingSuite): KemSuite {
  if (!Object.hasOwn(kemOf, suite)) throw new CodedError('UNKNOWN_SUITE', `sealing suite ${JSON.stringify(suite).slice(0, 80)} is not known`);
  return kemOf[suite];
}

const secretBytes = 32;
const tagBytes = 16;
/** Fixed, because a KEK encrypts one content key and is never used again. */
const iv = new Uint8Array(12);

/** H of PROTOCOL, Notation: the study's algorithm, which its own digest tells. */
const hashOf = (study: Digest): ((bytes: Uint8Array) => Uint8Array) => (study.startsWith('sha512:') ? sha512 : sha256);

/**
 * T, the framed transcript: every public value of the wrap in one order.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a key or ciphertext of another length; BAD_FIELD when SAE IDs and key_IDs are
 *   missing with QKD or given without.
 */
export function transcript(context: WrapContext): Uint8Array {
  const { suite, study, epoch, round, purpose, from, fromRecord, to, toRecord, encapsulationKey, ciphertext, masterSae, slaveSae, keyIds } = context;
  const kem = sealingKem(suite);
  const qkd = needsQkd(suite);
  if (encapsulationKey.length !== kemLengths[kem].encapsulationKey || ciphertext.length !== kemLengths[kem].ciphertext) throw new CodedError('BAD_KEY', `${suite} needs a key and a ciphertext of ${kem}`);
  const given = [masterSae, slaveSae, keyIds].filter((field) => field !== undefined).length;
  if (given !== (qkd ? 3 : 0) || keyIds?.length === 0) throw new CodedError('BAD_FIELD', `${suite} needs ${qkd ? 'both SAE IDs and at least one key_ID' : 'neither SAE IDs nor key_IDs'}`);
  const link = masterSae === undefined || slaveSae === undefined || keyIds === undefined ? [] : [masterSae, slaveSae, ...keyIds];
  return frame('epione/v1/transcript', suite, study, epoch, round, purpose, from, fromRecord, to, toRecord, hashOf(study)(encapsulationKey), ciphertext, ...link);
}

/**
 * The key-encryption key: SP 800-56C two-step, ML-KEM's secret first (Z), then exactly 32 bytes of QKD key (T).
 * The join needs no lengths because the suite fixes them; what is public is bound in the salt.
 * @throws CodedError QKD_UNAVAILABLE when the suite has QKD and no key is given; BAD_KEY for a secret of another length or a QKD
 *   key that the suite has no place for; else as `transcript`.
 */
export function deriveKek(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined): Uint8Array {
  const { suite, purpose } = context;
  sealingKem(suite);
  const qkd = needsQkd(suite);
  if (qkd && qkdKey === undefined) throw new CodedError('QKD_UNAVAILABLE', `${suite} needs a QKD key and none was given`);
  if (!qkd && qkdKey !== undefined) throw new CodedError('BAD_KEY', `${suite} has no place for the QKD key that was given`);
  if (sharedSecret.length !== secretBytes || (qkdKey !== undefined && qkdKey.length !== secretBytes)) throw new CodedError('BAD_KEY', `${suite} combines secrets of exactly ${secretBytes} bytes`);
  const prk = hmacSha512(sha512(transcript(context)), qkdKey === undefined ? sharedSecret : concat(sharedSecret, qkdKey));
  return expand(prk, frame('epione/v1/kek', suite, purpose), 32);
}

/**
 * Wraps a content key.
 * @param qkdKey 32 bytes with a QKD suite, undefined without; there is no third way.
 * @param contentKey 32 random bytes.
 * @returns 48 bytes: ciphertext ‖ tag.
 * @throws CodedError as `deriveKek`; BAD_KEY for a content key of another length.
 */
export function wrapKey(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined, contentKey: Uint8Array): Uint8Array {
  if (contentKey.length !== secretBytes) throw new CodedError('BAD_KEY', `a content key has ${secretBytes} bytes, not ${contentKey.length}`);
  const cipher = createCipheriv('aes-256-gcm', deriveKek(context, sharedSecret, qkdKey), iv, { authTagLength: tagBytes });
  return concat(cipher.update(contentKey), cipher.final(), cipher.getAuthTag());
}

/**
 * Unwraps a content key.
 * @returns the 32-byte content key.
 * @throws CodedError UNKNOWN_SUITE for a suite name that is not ours; UNOPENABLE for everything else that may be wrong.
 */
export function unwrapKey(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined, wrapped: Uint8Array): Uint8Array {
  sealingKem(context.suite);
  try {
    if (wrapped.length !== secretBytes + tagBytes) throw new RangeError('not 48 bytes');
    const decipher = createDecipheriv('aes-256-gcm', deriveKek(context, sharedSecret, qkdKey), iv, { authTagLength: tagBytes });
    decipher.setAuthTag(wrapped.subarray(secretBytes));
    return concat(decipher.update(wrapped.subarray(0, secretBytes)), decipher.final());
  } catch {
    throw new CodedError('UNOPENABLE', 'the wrapped key does not open');
  }
}
