/** Consents by keyed pseudonym, their withdrawal, and the log of accesses: what the ledger knows of patients and of who used their data. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { frame, toHex, type Digest } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import { digest, hex32, label, mspId, sortedBy, text, time } from '../encoding/fields.js';
import type { Stored } from './signed.js';

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

/** One consent of a person, as the ledger keeps it. */
export interface KeptConsent extends Pick<Consent, 'purpose' | 'classes' | 'period'> {
  readonly consentId: string;
  /** Digest of the signed statement that granted it. */
  readonly grant: Digest;
  /** The transaction's timestamp, ms since 1970 UTC. */
  readonly time: number;
  /** Once withdrawn, for ever. */
  readonly withdrawal?: Stored<Withdrawal>;
}

/** The value of `consent~MSP~SUBJECT`: all consents of one person at one hospital, by ID; one key, so that a decision costs one read. */
export interface PersonConsents {
  readonly consents: readonly KeptConsent[];
}

/** A person's consents after a further one. @throws CodedError CONFLICT when the ID is taken. */
export function withConsent({ consents }: PersonConsents, added: KeptConsent): PersonConsents {
  if (consents.some(({ consentId }) => consentId === added.consentId)) throw new CodedError('CONFLICT', `consent ${added.consentId} is recorded`);
  return { consents: [...consents, added].sort((a, b) => (a.consentId < b.consentId ? -1 : 1)) };
}

/** A person's consents after a withdrawal. @throws CodedError CONSENT_EMPTY when there is no such consent, CONSENT_WITHDRAWN the second time. */
export function withWithdrawal({ consents }: PersonConsents, withdrawn: Stored<Withdrawal>): PersonConsents {
  const { consentId } = withdrawn.statement;
  const found = consents.find((entry) => entry.consentId === consentId);
  if (found === undefined) throw new CodedError('CONSENT_EMPTY', `there is no consent ${consentId}`);
  if (found.withdrawal !== undefined) throw new CodedError('CONSENT_WITHDRAWN', `consent ${consentId} is withdrawn`);
  return { consents: consents.map((entry) => (entry === found ? { ...entry, withdrawal: withdrawn } : entry)) };
}

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

function covers(terms: KeptConsent, asked: ConsentQuestion): boolean {
  const { from = 0, until = Number.MAX_SAFE_INTEGER } = terms.period ?? {};
  const timely = from <= asked.at && asked.at < until;
  const purposes = asked.purpose.reason === terms.purpose.reason && asked.purpose.duo.every((code) => terms.purpose.duo.includes(code));
  return timely && purposes && asked.classes.every((name) => terms.classes.includes(name));
}

/** Whether a person's consents permit what is asked. @param held undefined for a person of whom the ledger knows nothing. */
export function decideConsent(subject: string, held: PersonConsents | undefined, asked: ConsentQuestion): ConsentDecision {
  if (held === undefined) return { subject, decision: 'deny', code: 'CONSENT_EMPTY' };
  const inForce = held.consents.filter(({ withdrawal }) => withdrawal === undefined);
  if (inForce.length === 0) return { subject, decision: 'deny', code: 'CONSENT_WITHDRAWN' };
  const fitting = inForce.find((terms) => covers(terms, asked));
  return fitting === undefined ? { subject, decision: 'deny', code: 'PURPOSE_REFUSED' } : { subject, decision: 'permit', consentId: fitting.consentId };
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
