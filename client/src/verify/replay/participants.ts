/** Records as an auditor repeats them: possession, both bindings, rotation and revocation (PROTOCOL section 2). */
import {
  assertMandatedRevocation, assertSignedBy, assertSuccession, checkEncapsulationKey, digestOf, fromBase64Url, revokedState,
  type Authority, type Mandate, type ParticipantRecord, type ParticipantState, type Revocation, type Standing,
} from '@epione/protocol';
import { assertAuthor, judge, refuseUnless, stored, type Entry, type Step } from './step.js';

function assertPossession({ signed, transaction, report }: Step<ParticipantRecord>): void {
  const record = signed.statement;
  const { creator, creatorKey, channel } = transaction;
  refuseUnless(record.mspId === creator.mspId, 'CALLER_MISMATCH', `the record is ${record.mspId}'s, the caller belongs to ${creator.mspId}`);
  refuseUnless(record.certificateKey === digestOf(creatorKey), 'CALLER_MISMATCH', 'certificateKey is not the key of the calling certificate');
  refuseUnless(record.channel === channel && record.genesis === report.genesis, 'CALLER_MISMATCH', 'the record is for another channel');
  refuseUnless(checkEncapsulationKey(record.kemSuite, fromBase64Url(record.encapsulationKey)), 'BAD_KEY', 'the encapsulation key fails the check of FIPS 203');
  assertSignedBy('participant', signed, record);
}

/** The proposal that a mandate names, with the study whose members decided, as they stood before. */
function authorityOf({ ledger }: Step<unknown>, named: Mandate | undefined): Authority | undefined {
  const motion = ledger.motions.get(named?.proposal ?? '');
  const book = ledger.studies.get(motion?.proposal.study ?? '');
  return motion === undefined || book?.course === undefined ? undefined : { motion, study: book.study, course: book.course };
}

function standingOf({ ledger }: Step<unknown>, mspId: string): Standing | undefined {
  const state = ledger.participants.get(mspId);
  const record = ledger.records.get(state?.record ?? '')?.statement;
  return state && record && { state, record };
}

export function registerParticipant(step: Step<ParticipantRecord>): Entry[] {
  judge(step, 'record.possession', () => { assertPossession(step); });
  judge(step, 'record.chain', () => { assertSuccession(step.signed, standingOf(step, step.signed.statement.mspId), authorityOf(step, step.signed.admission)); });
  const { signed: { statement, digest }, ledger } = step;
  const state: ParticipantState = { record: digest, version: statement.version, status: 'current' };
  ledger.records.set(digest, stored(step));
  const { admission } = step.signed;
  ledger.recordBooks.set(digest, { record: digest, statement, registeredAt: step.transaction.time, ...(admission === undefined ? {} : { admission: admission.proposal }) });
  ledger.participants.set(statement.mspId, state);
  return [
    { kind: 'record', parts: [digest], value: stored(step) },
    { kind: 'participant', parts: [statement.mspId], value: state },
  ];
}

export function revokeParticipant(step: Step<Revocation>): Entry[] {
  const { signed: { statement, digest }, ledger } = step;
  const { mspId, record, reason, since, mandate } = statement;
  judge(step, 'record.chain', () => {
    const found = standingOf(step, mspId);
    refuseUnless(found?.state.record === record && found.state.status === 'current', 'RECORD_NOT_CURRENT', 'it revokes a record that is not current');
    if (mandate !== undefined) {
      assertAuthor(step, mandate.member, mandate.record);
      assertMandatedRevocation(statement, authorityOf(step, mandate));
      return;
    }
    // The certificate need not be the record's: who lost the key revokes with another of the organization.
    refuseUnless(mspId === step.transaction.creator.mspId, 'CALLER_MISMATCH', `the record is ${mspId}'s`);
    assertSignedBy('revocation', step.signed, found.record);
  });
  const state = revokedState(statement, ledger.participants.get(mspId)?.version ?? 1);
  ledger.participants.set(mspId, state);
  const book = ledger.recordBooks.get(record);
  if (book !== undefined) book.revoked = { statement, by: step.transaction.creator.mspId, time: step.transaction.time };
  if (reason === 'compromised') ledger.compromised.push({ record, since: since ?? 0 });
  return [
    { kind: 'revocation', parts: [digest], value: stored(step) },
    { kind: 'participant', parts: [mspId], value: state },
  ];
}
