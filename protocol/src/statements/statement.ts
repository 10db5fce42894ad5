/** Signed bytes: DSSE's pre-authentication encoding over a typed canonical body (PROTOCOL section 1, "Signed bytes"). */
import { encodeCanonical, type Json } from '../encoding/canonical-json.js';
import { profiles } from '../crypto/suites.js';
import { concat, digestOf, hashName, type Digest, type HashName } from '../encoding/digest.js';

/** The names that may stand in `application/vnd.epione.<name>.v1+json`. */
export const STATEMENT_NAMES = [
  'participant', 'revocation', 'study', 'approval', 'proposal', 'opening', 'epoch', 'ending', 'setup',
  'submission', 'retraction', 'closing', 'attestation', 'acknowledgement', 'reveal', 'result', 'consent', 'withdrawal', 'access', 'detail', 'erasure', 'cosignature',
] as const;
export type StatementName = (typeof STATEMENT_NAMES)[number];

const ascii = new TextEncoder();

/** The media type of a statement; it is inside the signed bytes, so that no statement can be read as another kind. */
export const mediaType = (name: StatementName): string => `application/vnd.epione.${name}.v1+json`;

/** `"DSSEv1 " len(type) " " type " " len(body) " " body`, lengths in decimal ASCII (DSSE v1, protocol.md, PAE). */
export const signedBytes = (name: StatementName, body: Json): Uint8Array => signedBytesOf(name, encodeCanonical(body));

/** As `signedBytes`, of a body that is encoded already. */
export function signedBytesOf(name: StatementName, encoded: Uint8Array): Uint8Array {
  const type = mediaType(name);
  return concat(ascii.encode(`DSSEv1 ${type.length} ${type} ${encoded.length} `), encoded);
}

const members = (body: Json | undefined): Readonly<Record<string, Json | undefined>> => (typeof body === 'object' && !Array.isArray(body) ? (body as Record<string, Json | undefined>) : {});

/**
 * The hash function of a document or statement (PROTOCOL section 1, `digest`): a study's and a record's is that of their profile; a statement has
 * that of the digest by which it names its study or, where it is of no study, its signer's record.
 */
export function hashNameOf(name: StatementName, body: Json): HashName {
  const { suites, signatureSuite, study, subject, set, record } = members(body);
  if (name === 'study') return members(suites)['profile'] === 'long-term' ? 'sha512' : 'sha256';
  if (name === 'participant') return signatureSuite === profiles['long-term'].signature ? 'sha512' : 'sha256';
  const named = study ?? subject ?? set ?? record;
  return typeof named === 'string' ? hashName(named as Digest) : 'sha256';
}

/** The digest that names a document or statement: over its signed bytes, so that the type is in the digest. */
export const statementDigest = (name: StatementName, body: Json): Digest => digestOf(signedBytes(name, body), hashNameOf(name, body));
