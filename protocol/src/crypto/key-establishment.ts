/** The secret that sender and recipient share before any QKD key: ML-KEM's, and X25519's behind it where the suite has it (PROTOCOL section 6). */
import { randomBytes } from 'node:crypto';

import { concat, fromBase64Url, fromHex } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { sealingKem, type SealingSuite, type WrapContext } from './key-wrap.js';
import { encapsulate, type KemKeys } from './ml-kem.js';
import type { ParticipantRecord } from '../statements/participant.js';
import { needsX25519 } from './suites.js';
import { newX25519Keys, x25519Bytes, type X25519Keys } from './x25519.js';

/** What a recipient opens with: the key pair of the record that the header names. */
export type RecipientKeys = Pick<KemKeys, 'encapsulationKey' | 'decapsulate'> & { readonly x25519?: X25519Keys };

/** The public values of an establishment, which the transcript binds, and the secret they lead to: 32 bytes for each algorithm. */
export interface Established {
  readonly context: Pick<WrapContext, 'suite' | 'encapsulationKey' | 'ciphertext' | 'ephemeral' | 'x25519Key'>;
  readonly sharedSecret: Uint8Array;
}

/**
 * Establishes a fresh secret with the owner of a record.
 * @param random so that a run can be replayed; left out, OpenSSL draws.
 * @throws CodedError UNKNOWN_SUITE; BAD_KEY for a record's key that fails its check; SUITE_REFUSED when the record lacks a key of the suite.
 */
export function establish(suite: SealingSuite, record: Pick<ParticipantRecord, 'kemSuite' | 'encapsulationKey' | 'x25519Key'>, random?: (length: number) => Uint8Array): Established {
  const kem = sealingKem(suite);
  if (record.kemSuite !== kem) throw new CodedError('SUITE_REFUSED', `${suite} needs a key of ${kem}, the record has one of ${record.kemSuite}`);
  const encapsulationKey = fromBase64Url(record.encapsulationKey);
  const { ciphertext, sharedSecret } = encapsulate(kem, encapsulationKey, random);
  const context = { suite, encapsulationKey, ciphertext };
  if (!needsX25519(suite)) return { context, sharedSecret };
  if (record.x25519Key === undefined) throw new CodedError('SUITE_REFUSED', `${suite} needs an X25519 key, which the record lacks`);
  const x25519Key = fromHex(record.x25519Key);
  const own = newX25519Keys((random ?? randomBytes)(x25519Bytes));
  return { context: { ...context, ephemeral: own.publicKey, x25519Key }, sharedSecret: concat(sharedSecret, own.agree(x25519Key)) };
}

/**
 * The recipient's side of `establish`.
 * @param ephemeral the sender's X25519 key, where the suite has one.
 * @throws CodedError UNKNOWN_SUITE; UNOPENABLE for everything else. A ciphertext for somebody else gives another secret.
 */
export function established(suite: SealingSuite, keys: RecipientKeys, ciphertext: Uint8Array, ephemeral: Uint8Array | undefined): Established {
  const context = { suite, encapsulationKey: keys.encapsulationKey, ciphertext };
  const classical = needsX25519(suite);
  sealingKem(suite);
  if (classical !== (ephemeral !== undefined) || (classical && keys.x25519 === undefined)) throw new CodedError('UNOPENABLE', `${suite} needs ${classical ? 'an X25519 key of either side' : 'no X25519 key'}`);
  const sharedSecret = keys.decapsulate(ciphertext);
  if (ephemeral === undefined || keys.x25519 === undefined) return { context, sharedSecret };
  try {
    return { context: { ...context, ephemeral, x25519Key: keys.x25519.publicKey }, sharedSecret: concat(sharedSecret, keys.x25519.agree(ephemeral)) };
  } catch (cause) {
    throw new CodedError('UNOPENABLE', 'the X25519 key of the sender is none', { cause });
  }
}
