/** A statement with its signature, as it is sent to the ledger and as the ledger keeps it. */
import { z } from 'zod';
import { decodeCanonical, encodeCanonical, LIMITS, type Json } from '../encoding/canonical-json.js';
import { digestOf, fromBase64Url, hashName, toBase64Url, type Digest, type HashName } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { base64url, mandate, mspId, parse, time, type Mandate } from '../encoding/fields.js';
import { verify, type Signer } from '../crypto/ml-dsa.js';
import type { ParticipantRecord } from './participant.js';
import { hashNameOf, signedBytes, signedBytesOf, type StatementName } from './statement.js';

/** A statement and the ML-DSA signature over its signed bytes. */
export interface Signed<T> {
  /** base64url of the signature. */
  readonly signature: string;
  readonly statement: T;
}

/** A signed statement as the ledger keeps it. */
export interface Stored<T> extends Signed<T> {
  /** MSP ID of the caller, whose current record's key made the signature. */
  readonly by: string;
  /** The transaction's timestamp, ms since 1970 UTC. */
  readonly time: number;
  readonly txId: string;
}

/** One change of a key, as the ledger's history has it; without a value where the key was deleted. */
export interface Change<T> {
  readonly txId: string;
  /** The transaction's timestamp, ms since 1970 UTC. */
  readonly time: number;
  readonly value?: T;
}

/** Schema of a stored statement, for readers who trust no peer. */
export const stored = <T extends z.ZodType>(
  statement: T,
): z.ZodObject<{ by: typeof mspId; signature: typeof base64url; statement: T; time: typeof time; txId: z.ZodString }, z.core.$strict> =>
  z.strictObject({ by: mspId, signature: base64url, statement, time, txId: z.string().regex(/^[0-9a-f]{64}$/) });

/** A signed statement together with its digest. */
export interface Named<T> extends Signed<T> {
  readonly digest: Digest;
  /** What the signature is over: the signed bytes of the statement, as they were read. */
  readonly signedBytes: Uint8Array;
  /** A record's successor is signed by the previous key too, */
  readonly previousSignature?: string | undefined;
  /** or admitted by the members of a study. */
  readonly admission?: Mandate | undefined;
}

/** Signs a statement. */
export function sign<T extends Json>(name: StatementName, statement: T, signer: Signer): Signed<T> {
  return { signature: toBase64Url(signer.sign(signedBytes(name, statement))), statement };
}

const utf8 = new TextEncoder();

/** What a study does not name: Fabric's digests, and records, which have a profile of their own. */
const notNamed = new Set(['genesis', 'block', 'record', 'revokes', 'admits']);

/** Where a value has digests of another hash function. */
function strangeDigests(at: string, value: Json | undefined, algorithm: HashName): string[] {
  if (typeof value === 'string') return /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(value) && hashName(value as Digest) !== algorithm ? [at] : [];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, entry]) => (notNamed.has(key) ? [] : strangeDigests(`${at}.${key}`, entry as Json, algorithm)));
}

/** What a study and the statements of it name has the study's hash function. @throws CodedError BAD_FIELD. */
function assertOneHash(name: StatementName, body: Json, algorithm: HashName): void {
  if (name !== 'study' && !(typeof body === 'object' && ('study' in body || 'subject' in body))) return;
  const strange = strangeDigests(name, body, algorithm);
  if (strange.length > 0) throw new CodedError('BAD_FIELD', `${strange.join(', ')}: the study names things by ${algorithm}`);
}

// Made once: a schema costs more to make than to use.
const signedArgument = z.strictObject({ admission: mandate.optional(), previousSignature: base64url.optional(), signature: base64url, statement: z.unknown() });

/**
 * Reads a transaction's one argument, canonical JSON `{"signature":…,"statement":…}`.
 * @throws CodedError NOT_CANONICAL, TOO_LARGE, BAD_FIELD with all faults.
 */
export function readSigned<T extends z.ZodType>(name: StatementName, schema: T, argument: Uint8Array): Named<z.output<T>> {
  const outer = parse(signedArgument, decodeCanonical(argument, name === 'reveal' ? LIMITS.revealBytes : LIMITS.argumentBytes), 'argument');
  const body = outer.statement as Json;
  // A part of what is canonical is canonical.
  const encoded = utf8.encode(JSON.stringify(body));
  const bound = name === 'study' ? LIMITS.studyBytes : name === 'reveal' ? LIMITS.revealBytes : LIMITS.statementBytes;
  if (encoded.length > bound) throw new CodedError('TOO_LARGE', `the ${name} has ${encoded.length} bytes, at most ${bound} are accepted`);
  const statement = parse(schema, body, name);
  const algorithm = hashNameOf(name, body);
  assertOneHash(name, body, algorithm);
  const { signature, previousSignature, admission } = outer;
  if ((previousSignature !== undefined || admission !== undefined) && name !== 'participant') throw new CodedError('BAD_FIELD', 'argument.previousSignature, argument.admission: belong to a record only');
  const bytes = signedBytesOf(name, encoded);
  return { signature, previousSignature, admission, statement, digest: digestOf(bytes, algorithm), signedBytes: bytes };
}

/** The argument of a transaction, from a signed statement. */
export const encodeSigned = (signed: Signed<Json>): Uint8Array => encodeCanonical({ signature: signed.signature, statement: signed.statement });

type Key = Pick<ParticipantRecord, 'signatureSuite' | 'signingKey'>;

const isSignature = (bytes: Uint8Array, signature: string, { signatureSuite, signingKey }: Key): boolean => verify(signatureSuite, fromBase64Url(signingKey), bytes, fromBase64Url(signature));

/** Checks a statement's signature under a record's key; the one check that chaincode, aggregator and auditor share. */
export const isSignedBy = (name: StatementName, { signature, statement }: Signed<unknown>, record: Key): boolean => isSignature(signedBytes(name, statement as Json), signature, record);

function assertGood(good: boolean, name: StatementName, { mspId: signer }: ParticipantRecord): void {
  if (!good) throw new CodedError('BAD_SIGNATURE', `the signature of the ${name} is not ${signer}'s`);
}

/** As `isSignedBy`, for a policy. @throws CodedError BAD_SIGNATURE. */
export const assertSignedBy = (name: StatementName, signed: Signed<unknown>, record: ParticipantRecord): void => { assertGood(isSignedBy(name, signed, record), name, record); };

/** As `assertSignedBy`, for a statement that was read from its bytes: they are not made again. @throws CodedError BAD_SIGNATURE. */
export const assertReadSignedBy = (name: StatementName, read: Named<unknown>, record: ParticipantRecord): void => { assertGood(isSignature(read.signedBytes, read.signature, record), name, record); };
