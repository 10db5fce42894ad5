/** Who may replace or revoke an organization's record: its owner, or the members of a study (PROTOCOL section 2); for the chaincode and the auditor. */
import { assertMandate, latestEpoch } from './course-rules.js';
import { membersIn, type Course } from './course.js';
import { refuseUnless } from '../error.js';
import type { ParticipantRecord, ParticipantState, Revocation } from '../statements/participant.js';
import type { Motion } from '../statements/proposal.js';
import { assertSignedBy, type Named } from '../statements/signed.js';
import type { Study } from '../statements/study.js';

/** A proposal that somebody rests on, with the study whose members decide on it. */
export interface Authority {
  readonly study: Study;
  readonly course: Course;
  readonly motion: Motion;
}

/** An organization's record and how it stands. */
export interface Standing {
  readonly state: ParticipantState;
  readonly record: ParticipantRecord;
}

/** Whether a new record needs an admission: the key before cannot vouch for it, or the members have put the organization out. */
export const needsAdmission = ({ reason, proposal }: ParticipantState): boolean => reason === 'compromised' || proposal !== undefined;

/** The members know this very record, and none of its keys was known to whoever had the keys before. */
function assertAdmitted({ statement, digest, admission }: Named<ParticipantRecord>, before: ParticipantRecord, authority: Authority | undefined): void {
  refuseUnless(authority !== undefined && admission !== undefined, 'NOT_APPROVED', 'the ledger has no such proposal');
  const { study, course, motion } = authority;
  const agreed = assertMandate('admit', study, course, motion, admission.approvals);
  refuseUnless(agreed.mspId === statement.mspId && agreed.admits === digest, 'NOT_APPROVED', `the proposal admits ${agreed.admits} of ${agreed.mspId}`);
  refuseUnless(statement.signingKey !== before.signingKey && statement.encapsulationKey !== before.encapsulationKey, 'BAD_KEY', 'whoever is admitted comes with new keys');
}

/**
 * That a record follows the one before: the next version, signed by the previous key too or, in place of that, admitted.
 * @param before absent for an organization without a record.
 * @param authority behind the admission that the record comes with.
 * @throws CodedError RECORD_NOT_CURRENT, RECORD_REVOKED, BAD_SIGNATURE, BAD_FIELD, BAD_KEY, NOT_APPROVED, EPOCH_EXPIRED.
 */
export function assertSuccession(signed: Named<ParticipantRecord>, before: Standing | undefined, authority?: Authority): void {
  const { statement, previousSignature, admission } = signed;
  const version = (before?.state.version ?? 0) + 1;
  refuseUnless(statement.version === version && statement.previous === before?.state.record, 'RECORD_NOT_CURRENT', `the next record of ${statement.mspId} is version ${version} and names the one before`);
  const vouchers = [previousSignature, admission].filter((voucher) => voucher !== undefined).length;
  refuseUnless(vouchers <= (before === undefined ? 0 : 1), 'BAD_FIELD', 'argument: a first record has neither previousSignature nor admission, a later one has one of them');
  if (before === undefined) return;
  if (admission !== undefined) {
    assertAdmitted(signed, before.record, authority);
    return;
  }
  refuseUnless(!needsAdmission(before.state), 'RECORD_REVOKED', 'a new record needs an approved admission');
  refuseUnless(previousSignature !== undefined, 'BAD_SIGNATURE', 'a successor is signed by the previous key too');
  assertSignedBy('participant', { signature: previousSignature, statement }, before.record);
}

/**
 * That a revocation with a mandate is what the members approved. Who signs it is checked by the caller.
 * @throws CodedError NOT_APPROVED, EPOCH_EXPIRED, NOT_AUTHORISED.
 */
export function assertMandatedRevocation({ mspId, record, reason, since, mandate }: Revocation, authority: Authority | undefined): void {
  refuseUnless(authority !== undefined && mandate !== undefined, 'NOT_APPROVED', 'the ledger has no such proposal');
  const { study, course, motion } = authority;
  refuseUnless(membersIn(study, latestEpoch(course)).includes(mandate.member), 'NOT_AUTHORISED', `${mandate.member} is no member of the study`);
  const agreed = assertMandate('revoke', study, course, motion, mandate.approvals);
  const same = agreed.mspId === mspId && agreed.revokes === record && agreed.reason === reason && agreed.since === since;
  refuseUnless(same, 'NOT_APPROVED', `the proposal revokes ${agreed.revokes} of ${agreed.mspId} as ${agreed.reason}`);
}

/** The state of a record after its revocation. */
export const revokedState = ({ record, reason, since, mandate }: Revocation, version: number): ParticipantState => ({
  record, version, status: 'revoked', reason, ...(since === undefined ? {} : { since }), ...(mandate === undefined ? {} : { proposal: mandate.proposal }),
});
