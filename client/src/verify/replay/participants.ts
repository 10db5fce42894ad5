/** Records as an auditor repeats them: possession, both bindings, rotation and revocation (PROTOCOL section 2). */
import {
  assertSignedBy, checkEncapsulationKey, digestOf, fromBase64Url, type ParticipantRecord, type ParticipantState, type Revocation,
} from '@epione/protocol';
import { judge, refuseUnless, stored, type Entry, type Step } from './step.js';

function assertPossession({ signed, transaction, report }: Step<ParticipantRecord>): void {
  const record = signed.statement;
  const { creator, creatorKey, channel } = transaction;
  refuseUnless(record.mspId === creator.mspId, 'CALLER_MISMATCH', `the record is ${record.mspId}'s, the caller belongs to ${creator.mspId}`);
  refuseUnless(record.certificateKey === digestOf(creatorKey), 'CALLER_MISMATCH', 'certificateKey is not the key of the calling certificate');
  refuseUnless(record.channel === channel && record.genesis === report.genesis, 'CALLER_MISMATCH', 'the record is for another channel');
  refuseUnless(checkEncapsulationKey(record.kemSuite, fromBase64Url(record.encapsulationKey)), 'BAD_KEY', 'the encapsulation key fails the check of FIPS 203');
  assertSignedBy('participant', signed, record);
}

function assertSuccession({ signed, ledger }: Step<ParticipantRecord>): void {
  const record = signed.statement;
  const before = ledger.participants.get(record.mspId);
  refuseUnless(record.version === (before?.version ?? 0) + 1 && record.previous === before?.record, 'RECORD_NOT_CURRENT', 'the record does not follow the one before');
  if (before === undefined) return;
  refuseUnless(before.reason !== 'compromised', 'RECORD_REVOKED', 'the record before was compromised');
  const previous = ledger.records.get(before.record)?.statement;
  refuseUnless(previous !== undefined && signed.previousSignature !== undefined, 'BAD_SIGNATURE', 'the previous key has not signed');
  assertSignedBy('participant', { signature: signed.previousSignature, statement: record }, previous);
}

export function registerParticipant(step: Step<ParticipantRecord>): Entry[] {
  judge(step, 'record.possession', () => { assertPossession(step); });
  judge(step, 'record.chain', () => { assertSuccession(step); });
  const { signed: { statement, digest }, ledger } = step;
  const state: ParticipantState = { record: digest, version: statement.version, status: 'current' };
  ledger.records.set(digest, stored(step));
  ledger.participants.set(statement.mspId, state);
  return [
    { kind: 'record', parts: [digest], value: stored(step) },
    { kind: 'participant', parts: [statement.mspId], value: state },
  ];
}

export function revokeParticipant(step: Step<Revocation>): Entry[] {
  const { signed: { statement, digest }, ledger } = step;
  const { mspId, record, reason, since } = statement;
  // The certificate need not be the record's: who lost the key revokes with another of the organization.
  judge(step, 'record.chain', () => {
    const state = ledger.participants.get(mspId);
    const current = ledger.records.get(record)?.statement;
    refuseUnless(mspId === step.transaction.creator.mspId, 'CALLER_MISMATCH', `the record is ${mspId}'s`);
    refuseUnless(state?.record === record && state.status === 'current' && current !== undefined, 'RECORD_NOT_CURRENT', 'it revokes a record that is not current');
    assertSignedBy('revocation', step.signed, current);
  });
  const state: ParticipantState = { record, version: ledger.participants.get(mspId)?.version ?? 1, status: 'revoked', reason, ...(since === undefined ? {} : { since }) };
  ledger.participants.set(mspId, state);
  if (reason === 'compromised') ledger.compromised.push({ record, since: since ?? 0 });
  return [
    { kind: 'revocation', parts: [digest], value: stored(step) },
    { kind: 'participant', parts: [mspId], value: state },
  ];
}

