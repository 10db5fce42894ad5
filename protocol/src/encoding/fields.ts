/** The field types that statements are made of, and how a value from outside becomes one of them. */
import { z } from 'zod';
import { CodedError, type Code } from '../error.js';
import type { Digest } from './digest.js';
import { unknownSuite } from '../crypto/suites.js';

/** MSP ID of an organization. */
export const mspId = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/, 'an MSP ID: [A-Za-z0-9.-]{1,64}');

/** `sha256:` and 64 hexadecimal digits; profile `long-term` uses `sha512:` and 128. */
export const digest = z
  .string()
  .regex(/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/, 'a digest: sha256: and 64 lower-case hex digits')
  .transform((text) => text as Digest);

/** 32 bytes in lower-case hex. */
export const hex32 = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in lower-case hex');

/** A hash in lower-case hex: 32 bytes, or 64 with profile `long-term`. */
export const hexHash = z.string().regex(/^([0-9a-f]{64}|[0-9a-f]{128})$/, '32 or 64 bytes in lower-case hex');

/** Last characters of a base64url text whose unused bits are zero, by the text's length modulo 4. */
const lastCharacters = [/./, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/];

/** Bytes beyond 64: base64url without padding, in the one spelling whose unused trailing bits are zero. */
export const base64url = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,8192}$/, 'base64url without padding')
  .refine((value) => lastCharacters[value.length % 4]?.test(value.slice(-1)) === true, 'base64url with unused bits set');

/** 1 to 64 printable ASCII characters, exactly as the KME gave them; compared in lower case. */
export const keyId = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a key_ID: 1 to 64 printable ASCII characters');

/** An SAE ID as its KME knows it (ETSI GS QKD 014, clause 4). */
export const saeId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'an SAE ID: 1 to 128 printable ASCII characters');

/** A short label such as a tensor's or a feature's name. */
export const label = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/, 'a name of 1 to 64 letters, digits, blanks, ".", "_" or "-"');

/** Free text up to 4,096 bytes. */
export const text = z.string().min(1).refine((value) => Buffer.byteLength(value) <= 4096, 'at most 4096 bytes of text');

/** Milliseconds since 1970 UTC. */
export const time = z.int().min(0);

/** Round number, 1 to 10,000. */
export const roundNumber = z.int().min(1).max(10_000);

/** Epoch number, 1 to 256. */
export const epochNumber = z.int().min(1).max(256);

const decimalForm = /^(0|-?(0\.|[1-9][0-9]{0,8}\.)[0-9]{0,11}[1-9]|-?[1-9][0-9]{0,8})$/;

/** A real quantity as text (PROTOCOL section 1, `decimal`), read as the nearest float64 by `Number`. */
export const decimal = z.string().regex(decimalForm, 'a decimal such as "0.05": no exponent, no trailing zero, at most 12 decimals');

/** A decimal above zero. */
export const positiveDecimal = decimal.refine((value) => Number(value) > 0, 'must be above 0');

/** A list sorted by `of` without duplicates: a party's ID is never a member name. */
export function sortedBy<T extends z.ZodType>(item: T, of: (value: z.output<T>) => string, max = 4096): z.ZodArray<T> {
  return z
    .array(item)
    .max(max)
    .refine((list) => list.every((value, at) => at === 0 || of(list[at - 1] as z.output<T>) < of(value)), 'must be sorted by ID, without duplicates');
}

/** A sorted list of MSP IDs. */
export const members = sortedBy(mspId, (id) => id, 64);

/** A participant and the digest of its submission. */
export const submissionRef = z.strictObject({ participant: mspId, digest });
/** The explicit set of submissions S of a round, by MSP ID. */
export const submissionSet = sortedBy(submissionRef, (entry) => entry.participant, 64);
export type SubmissionRef = z.infer<typeof submissionRef>;

/** The approvals that carry a decision, by member. */
export const approvalRefs = sortedBy(z.strictObject({ member: mspId, approval: digest }), (entry) => entry.member, 64);
export type ApprovalRefs = z.infer<typeof approvalRefs>;

/** An approved proposal on which something rests, and the approvals that carry it. */
export const mandate = z.strictObject({ proposal: digest, approvals: approvalRefs });
export type Mandate = z.infer<typeof mandate>;

/**
 * Reads a value from outside by its schema; all faults are reported together.
 * @throws CodedError `code` (BAD_FIELD unless told otherwise), naming each field; UNKNOWN_SUITE when suites' names are all that is wrong.
 */
export function parse<T extends z.ZodType>(schema: T, value: unknown, what: string, code: Code = 'BAD_FIELD'): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${[what, ...issue.path].join('.')}: ${issue.message}`);
  const strange = result.error.issues.every((issue) => issue.message === unknownSuite);
  throw new CodedError(strange ? 'UNKNOWN_SUITE' : code, faults.join('; '));
}
