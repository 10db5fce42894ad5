/** The wrap of a content key for one recipient: ML-KEM and QKD combined, everything public bound (PROTOCOL section 6; NIST SP 800-56C, SP 800-227). */
import type { z } from 'zod';

import { GCM, gcmKey, openGcm, sealGcm } from './aes-gcm.js';
import { concat, frame, hashOf, sha512, type Digest, type Framed } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { expand, hmacSha512 } from './hkdf.js';
import { kemSuites, needsQkd, needsX25519, sealingSuites, suiteOf, type kemSuite, type sealingSuite } from './suites.js';

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
  /** Recipient's ML-KEM key and the ciphertext made with it (bytes as in `kemSuites`). */
  readonly encapsulationKey: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** Sender's fresh X25519 key and the recipient's own, 32 bytes each: there exactly when the suite has X25519. */
  readonly ephemeral?: Uint8Array | undefined;
  readonly x25519Key?: Uint8Array | undefined;
  /** SAE IDs of sender (master) and recipient (slave), and the ETSI key_IDs exactly as the KME gave them, in order. */
  readonly masterSae?: string | undefined;
  readonly slaveSae?: string | undefined;
  readonly keyIds?: readonly string[] | undefined;
}

/**
 * The KEM of a sealing suite.
 * @throws CodedError UNKNOWN_SUITE.
 */
export const sealingKem = (suite: SealingSuite): z.infer<typeof kemSuite> => suiteOf(sealingSuites, suite).kem;

const secretBytes = 32;
/** Fixed, because a KEK encrypts one content key and is never used again. */
const iv = new Uint8Array(GCM.nonceBytes);

const present = (...fields: unknown[]): number => fields.filter((field) => field !== undefined).length;

function assertClassical({ suite, ephemeral, x25519Key }: WrapContext): void {
  const needed = needsX25519(suite);
  if (present(ephemeral, x25519Key) !== (needed ? 2 : 0)) throw new CodedError('BAD_FIELD', `${suite} needs ${needed ? 'the X25519 keys of both sides' : 'no X25519 key'}`);
  if (needed && (ephemeral?.length !== secretBytes || x25519Key?.length !== secretBytes)) throw new CodedError('BAD_KEY', `an X25519 key has ${secretBytes} bytes`);
}

function assertLink({ suite, masterSae, slaveSae, keyIds }: WrapContext): void {
  const needed = needsQkd(suite);
  if (present(masterSae, slaveSae, keyIds) !== (needed ? 3 : 0) || keyIds?.length === 0) throw new CodedError('BAD_FIELD', `${suite} needs ${needed ? 'both SAE IDs and at least one key_ID' : 'neither SAE IDs nor key_IDs'}`);
}

/** The order of T: every public value of a wrap. Fields that a suite has no use for are absent, never empty. */
export const transcriptFields = [
  'suite', 'study', 'epoch', 'round', 'purpose', 'from', 'fromRecord', 'to', 'toRecord', 'encapsulationKey', 'ciphertext', 'ephemeral', 'x25519Key', 'masterSae', 'slaveSae', 'keyIds',
] as const satisfies readonly (keyof WrapContext)[];

/**
 * T, the framed transcript: every public value of the wrap in one order; of the encapsulation key its hash.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a key or ciphertext of another length; BAD_FIELD when X25519 keys, or SAE IDs and
 *   key_IDs, are missing where the suite has them or given where it has not.
 */
export function transcript(context: WrapContext): Uint8Array {
  const { suite, study, encapsulationKey, ciphertext } = context;
  const kem = sealingKem(suite);
  if (encapsulationKey.length !== kemSuites[kem].encapsulationKey || ciphertext.length !== kemSuites[kem].ciphertext) throw new CodedError('BAD_KEY', `${suite} needs a key and a ciphertext of ${kem}`);
  assertClassical(context);
  assertLink(context);
  const bound = { ...context, encapsulationKey: hashOf(study)(encapsulationKey) };
  return frame('epione/v1/transcript', ...transcriptFields.flatMap((field): Framed | readonly Framed[] => bound[field] ?? []));
}

/**
 * PRK: SP 800-56C two-step, the established secret first (Z: ML-KEM's, then X25519's), then exactly 32 bytes of QKD key (T). The
 * join needs no lengths because the suite fixes them; what is public is bound in the salt.
 */
function combine(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined): Uint8Array {
  const { suite } = context;
  sealingKem(suite);
  const qkd = needsQkd(suite);
  if (qkd && qkdKey === undefined) throw new CodedError('QKD_UNAVAILABLE', `${suite} needs a QKD key and none was given`);
  if (!qkd && qkdKey !== undefined) throw new CodedError('BAD_KEY', `${suite} has no place for the QKD key that was given`);
  const secrets = concat(sharedSecret, qkdKey ?? new Uint8Array());
  if ((qkdKey !== undefined && qkdKey.length !== secretBytes) || secrets.length !== secretBytes * sealingSuites[suite].secrets.length) throw new CodedError('BAD_KEY', `${suite} combines secrets of exactly ${secretBytes} bytes`);
  return hmacSha512(sha512(transcript(context)), secrets);
}

/**
 * The key-encryption key, 32 bytes.
 * @param sharedSecret 32 bytes for each algorithm of the suite but QKD, in the registry's order, as `establish` gives them.
 * @throws CodedError QKD_UNAVAILABLE when the suite has QKD and no key is given; BAD_KEY for a secret of another length or a QKD
 *   key that the suite has no place for; else as `transcript`.
 */
export const deriveKek = (context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined): Uint8Array =>
  expand(combine(context, sharedSecret, qkdKey), frame('epione/v1/kek', context.suite, context.purpose), 32);

/**
 * K, which the two of a pair share in an epoch of masked mode (PROTOCOL section 8), 64 bytes; the wrap's purpose is `pair`.
 * @throws CodedError as `deriveKek`.
 */
export const derivePairKey = (context: WrapContext & { readonly purpose: 'pair' }, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined): Uint8Array =>
  expand(combine(context, sharedSecret, qkdKey), frame('epione/v1/pair', context.suite, context.purpose), 64);

/**
 * Wraps a content key.
 * @param qkdKey 32 bytes with a QKD suite, undefined without; there is no third way.
 * @param contentKey 32 random bytes.
 * @returns 48 bytes: ciphertext ‖ tag.
 * @throws CodedError as `deriveKek`; BAD_KEY for a content key of another length.
 */
export function wrapKey(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined, contentKey: Uint8Array): Uint8Array {
  if (contentKey.length !== secretBytes) throw new CodedError('BAD_KEY', `a content key has ${secretBytes} bytes, not ${contentKey.length}`);
  return sealGcm(gcmKey(deriveKek(context, sharedSecret, qkdKey)), iv, contentKey, new Uint8Array(secretBytes + GCM.tagBytes));
}

/**
 * Unwraps a content key.
 * @returns the 32-byte content key.
 * @throws CodedError UNKNOWN_SUITE for a suite name that is not ours; UNOPENABLE for everything else that may be wrong.
 */
export function unwrapKey(context: WrapContext, sharedSecret: Uint8Array, qkdKey: Uint8Array | undefined, wrapped: Uint8Array): Uint8Array {
  sealingKem(context.suite);
  try {
    if (wrapped.length !== secretBytes + GCM.tagBytes) throw new RangeError('not 48 bytes');
    return openGcm(gcmKey(deriveKek(context, sharedSecret, qkdKey)), iv, wrapped, new Uint8Array(secretBytes));
  } catch {
    throw new CodedError('UNOPENABLE', 'the wrapped key does not open');
  }
}
