/** Consents by keyed pseudonym, their withdrawal, and the log of accesses: what the ledger knows of patients and of who used their data. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { frame, toHex } from './digest.js';
import { digest, hex32, label, mspId, sortedBy, text, time } from './fields.js';

const purpose = z.strictObject({
  duo: z.array(z.string().regex(/^DUO:[0-9]{7}$/)).min(1).max(16),
  reason: z.string().regex(/^[A-Z]{2,16}$/),
});

/** A random name of one consent, known to the ledger; says nothing about the person. */
export const consentId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a consent ID: [A-Za-z0-9-]{1,64}');

/**
 * Statement `consent`: a hospital records that persons, named by pseudonym, permit a purpose and data classes.
 * Up to 256 persons with the same terms fit into one statement, because a clinic records them by the form, not by the person.
 */
export const consent = z.strictObject({
  channel: z.string(),
  genesis: digest,
  mspId,
  record: digest,
  purpose,
  /** Data classes permitted, sorted. */
  classes: sortedBy(label, (name) => name, 64).min(1),
  /** In force from `from` (inclusive) until `until` (exclusive), ms since 1970 UTC; open-ended where absent. */
  period: z.strictObject({ from: time.optional(), until: time.optional() }).optional(),
  grants: sortedBy(z.strictObject({ consentId, subject: hex32 }), (grant) => grant.consentId, 256).min(1),
});
export type Consent = z.infer<typeof consent>;

/** Statement `withdrawal` of one consent. */
export const withdrawal = z.strictObject({ channel: z.string(), genesis: digest, mspId, record: digest, consentId, subject: hex32 });
export type Withdrawal = z.infer<typeof withdrawal>;

/** What `Consent:evaluateConsent` is asked: for each pseudonym of a hospital, is this use permitted at this time? */
export const consentQuestion = z.strictObject({
  mspId,
  subjects: z.array(hex32).min(1).max(512),
  purpose,
  classes: sortedBy(label, (name) => name, 64).min(1),
  /** Periods are judged at this time, ms since 1970 UTC. */
  at: time,
});
export type ConsentQuestion = z.infer<typeof consentQuestion>;

/** The answer for one pseudonym, in the order of the question. */
export interface ConsentDecision {
  readonly subject: string;
  readonly decision: 'permit' | 'deny';
  /** The consent that permits, with `permit`. */
  readonly consentId?: string;
  /** Why not, with `deny`: CONSENT_EMPTY no consent, CONSENT_WITHDRAWN, PURPOSE_REFUSED other terms or period. */
  readonly code?: 'CONSENT_EMPTY' | 'CONSENT_WITHDRAWN' | 'PURPOSE_REFUSED';
}

/** Statement `access`: who used which data for what. */
export const access = z.strictObject({
  channel: z.string(),
  genesis: digest,
  mspId,
  record: digest,
  /** The person or service, by a name that means nothing outside the organization. */
  actor: text,
  action: z.enum(['read', 'train', 'evaluate', 'export', 'disclose']),
  /** What was used: a study's or blob's digest, a data set's name. */
  object: text,
  purpose: text,
});
export type Access = z.infer<typeof access>;

/** What `Access:queryAccess` is asked: entries of an organization in a period, oldest first, page by page. */
export const accessQuestion = z.strictObject({
  mspId,
  from: time.optional(),
  until: time.optional(),
  pageSize: z.int().min(1).max(500),
  bookmark: text.optional(),
});
export type AccessQuestion = z.infer<typeof accessQuestion>;

/** A person's pseudonym at one hospital: HMAC-SHA-256 under the person's own secret, so that destroying the secret unlinks it for ever. */
export const consentSubject = (secret: Uint8Array, hospital: string): string =>
  toHex(new Uint8Array(createHmac('sha256', secret).update(frame('epione/v1/consent-subject', hospital)).digest()));
