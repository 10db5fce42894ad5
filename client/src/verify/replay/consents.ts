/** Consents and accesses as an auditor repeats them: who wrote them, and that they stand as they were signed. */
import type { Access, Consent, Withdrawal } from '@epione/protocol';
import { assertAuthor, judge, stored, type Entry, type Step } from './step.js';

export function grantConsent(step: Step<Consent>): Entry[] {
  const { signed: { statement, digest }, transaction: { time } } = step;
  const { mspId, record, purpose, classes, period, grants } = statement;
  judge(step, 'consent.snapshot', () => { assertAuthor(step, mspId, record); });
  return grants.map(({ consentId, subject }) => ({
    kind: 'consent',
    parts: [mspId, subject, consentId],
    value: { consentId, grant: digest, time, purpose, classes, ...(period === undefined ? {} : { period }) },
  }));
}

export function withdrawConsent(step: Step<Withdrawal>): Entry[] {
  const { mspId, record, consentId, subject } = step.signed.statement;
  judge(step, 'consent.snapshot', () => { assertAuthor(step, mspId, record); });
  return [{ kind: 'withdrawal', parts: [mspId, subject, consentId], value: { consentId, ...stored(step) } }];
}

export function appendAccess(step: Step<Access>): Entry[] {
  const { mspId, record } = step.signed.statement;
  judge(step, 'encoding.canonical', () => { assertAuthor(step, mspId, record); });
  return [{ kind: 'access', parts: [mspId, String(step.transaction.time).padStart(16, '0'), step.transaction.txId], value: stored(step) }];
}
