/** A participant's record: the public keys of an organization, bound both ways to its Fabric certificate (PROTOCOL section 2). */
import { z } from 'zod';
import type { Digest } from '../encoding/digest.js';
import { base64url, digest, hex32, mandate, mspId, saeId, text, time } from '../encoding/fields.js';
import { kemSuite, signatureSuite } from '../crypto/suites.js';

/** Statement `participant`, signed by its own new key. */
export const participantRecord = z.strictObject({
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,248}$/, 'a channel name'),
  /** Digest of block 0's header, as block 1's previous_hash has it. */
  genesis: digest,
  mspId,
  version: z.int().min(1).max(1_000_000),
  /** Digest of the record before; absent in version 1. */
  previous: digest.optional(),
  /** Digest of the Fabric certificate's SubjectPublicKeyInfo (DER). */
  certificateKey: digest,
  signatureSuite,
  signingKey: base64url,
  kemSuite,
  encapsulationKey: base64url,
  /** X25519 public key, for suites that have it; absent where a site takes part in none. */
  x25519Key: hex32.optional(),
  /** Absent where a site has no key management entity. */
  saeId: saeId.optional(),
  /** Where others fetch this site's blobs: `<blobUrl>/<digest>`. */
  blobUrl: z.string().regex(/^https:\/\/[\x21-\x7e]{1,500}$/, 'an https:// address'),
  /** The organization runs no peer of its own, so that no key can ask for its endorsement. */
  peerless: z.literal(true).optional(),
});
export type ParticipantRecord = z.infer<typeof participantRecord>;

/** Why a record is revoked. */
export const revocationReason = z.enum(['superseded', 'left', 'compromised']);

/** Statement `revocation` of a record: by its owner, or by any member with the mandate of an approved proposal. */
export const revocation = z.strictObject({
  mspId,
  /** The record that is revoked; without a mandate its own key signs this. */
  record: digest,
  reason: revocationReason,
  /** With `compromised`: statements timed from here on are suspect. */
  since: time.optional(),
  note: text.optional(),
  /** Who carries the proposal out, and with which record. */
  mandate: mandate.extend({ member: mspId, record: digest }).optional(),
});
export type Revocation = z.infer<typeof revocation>;

/** The state of `participant~MSP`: the current record and whether it may still act. */
export interface ParticipantState {
  readonly record: string;
  readonly version: number;
  readonly status: 'current' | 'revoked';
  readonly reason?: Revocation['reason'];
  readonly since?: number;
  /** By which proposal it was revoked, if not by its owner. */
  readonly proposal?: Digest;
}
