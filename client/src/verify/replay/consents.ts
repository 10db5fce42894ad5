/** Consents, accesses and details as an auditor repeats them: who wrote them, and that they stand as they were signed. */
import { ownCollection, withConsent, withWithdrawal, type Access, type Consent, type Detail, type Erasure, type PersonConsents, type Withdrawal } from '@epione/protocol';
import { assertAuthor, judge, stored, type Entry, type Step } from './step.js';

const nothing: PersonConsents = { consents: [] };
const person = (mspId: string, subject: string): string => `${mspId} ${subject}`;

export function grantConsent(step: Step<Consent>): Entry[] {
  const { signed: { statement, digest }, transaction: { time }, ledger: { consents } } = step;
  const { mspId, record, purpose, classes, period, grants } = statement;
  judge(step, 'consent.snapshot', () => { assertAuthor(step, mspId, record); });
  const subjects = new Set<string>();
  for (const { consentId, subject } of grants) {
    subjects.add(subject);
    const held = consents.get(person(mspId, subject)) ?? nothing;
    judge(step, 'consent.snapshot', () => {
      consents.set(person(mspId, subject), withConsent(held, { consentId, grant: digest, time, purpose, classes, ...(period === undefined ? {} : { period }) }));
    });
  }
  return [...subjects].map((subject) => ({ kind: 'consent', parts: [mspId, subject], value: consents.get(person(mspId, subject)) ?? nothing }));
}

export function withdrawConsent(step: Step<Withdrawal>): Entry[] {
  const { signed: { statement: { mspId, record, subject } }, ledger: { consents } } = step;
  judge(step, 'consent.snapshot', () => { assertAuthor(step, mspId, record); });
  judge(step, 'consent.snapshot', () => { consents.set(person(mspId, subject), withWithdrawal(consents.get(person(mspId, subject)) ?? nothing, stored(step))); });
  return [{ kind: 'consent', parts: [mspId, subject], value: consents.get(person(mspId, subject)) ?? nothing }];
}

export function appendAccess(step: Step<Access>): Entry[] {
  const { mspId, record } = step.signed.statement;
  judge(step, 'encoding.canonical', () => { assertAuthor(step, mspId, record); });
  return [{ kind: 'access', parts: [mspId, String(step.transaction.time).padStart(16, '0'), step.transaction.txId], value: stored(step) }];
}

/** What is kept is private; the ledger has its digest, which is the one that was signed. */
export function keepDetail(step: Step<Detail>): Entry[] {
  const { mspId, record, id, digest } = step.signed.statement;
  judge(step, 'encoding.canonical', () => { assertAuthor(step, mspId, record); });
  return [{ collection: ownCollection(mspId), kind: 'detail', parts: [id], digest }];
}

export function eraseDetail(step: Step<Erasure>): Entry[] {
  const { mspId, record, id } = step.signed.statement;
  judge(step, 'encoding.canonical', () => { assertAuthor(step, mspId, record); });
  return [{ collection: ownCollection(mspId), kind: 'detail', parts: [id] }];
}
