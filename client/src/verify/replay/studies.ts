/** Studies as an auditor repeats them: registered, approved by a quorum, opened with the roster that was agreed (PROTOCOL section 3). */
import { membersOf, readStudy, statementDigest, type Approval, type Course, type Opening, type Study } from '@epione/protocol';
import type { StudyBook } from './registry.js';
import { assertAuthor, judge, refuseUnless, stored, type Entry, type Step } from './step.js';

/** The book of a study. @throws CodedError STUDY_UNKNOWN. */
export function bookOf({ ledger }: Step<unknown>, digest: string): StudyBook {
  const book = ledger.studies.get(digest);
  refuseUnless(book !== undefined, 'STUDY_UNKNOWN', `there is no study ${digest}`);
  return book;
}

export function registerStudy(step: Step<Study>): Entry[] {
  const { signed: { statement, digest }, transaction, ledger, report } = step;
  judge(step, 'study.digest', () => {
    readStudy(statement);
    const { channel, genesis, chaincode } = statement;
    refuseUnless(channel === transaction.channel && genesis === report.genesis && chaincode === transaction.chaincode, 'STUDY_INVALID', 'it is for another channel or chaincode');
    refuseUnless(!ledger.studies.has(digest), 'STUDY_EXISTS', 'it was registered before');
    refuseUnless(membersOf(statement).includes(transaction.creator.mspId), 'NOT_AUTHORISED', `${transaction.creator.mspId} is no member`);
    assertAuthor(step, transaction.creator.mspId);
  });
  if (!ledger.studies.has(digest)) ledger.studies.set(digest, { digest, study: statement, approvals: new Map(), openedInBlock: 0, rounds: new Map() });
  return [{ kind: 'study', parts: [digest], value: stored(step) }];
}

export function approve(step: Step<Approval>): Entry[] {
  const { subject, member, record } = step.signed.statement;
  judge(step, 'study.approved', () => {
    assertAuthor(step, member, record);
    const book = bookOf(step, subject);
    refuseUnless(membersOf(book.study).includes(member), 'NOT_AUTHORISED', `${member} is no member`);
    refuseUnless(!book.approvals.has(member), 'ALREADY_APPROVED', `${member} has decided before`);
    book.approvals.set(member, stored(step));
  });
  return [{ kind: 'approval', parts: [subject, member], value: stored(step) }];
}

function assertApproved({ approvals }: Opening, book: StudyBook): void {
  const inFavour = new Set<string>();
  for (const { member, approval } of approvals) {
    const found = book.approvals.get(member);
    const holds = found?.statement.decision === 'approve' && statementDigest('approval', found.statement) === approval;
    refuseUnless(holds, 'NOT_APPROVED', `${member} has not approved with ${approval}`);
    inFavour.add(member);
  }
  const { quorums, participants } = book.study;
  refuseUnless(inFavour.size >= quorums.approve, 'NOT_APPROVED', `${inFavour.size} approvals, ${quorums.approve} are needed`);
  const silent = participants.filter((mspId) => !inFavour.has(mspId));
  refuseUnless(silent.length === 0, 'NOT_APPROVED', `each participant must approve; missing: ${silent.join(', ')}`);
}

function assertFirstEpoch({ ledger }: Step<Opening>, { epoch }: Opening, { study }: StudyBook): void {
  const roster = epoch.participants.map(({ mspId }) => mspId).join();
  const fits = epoch.epoch === 1 && epoch.from === 1 && epoch.quorum === study.quorums.attest && roster === study.participants.join() && epoch.aggregators.join() === study.aggregators.join();
  refuseUnless(fits, 'EPOCH_WRONG', 'the first epoch is not the roster of the study');
  for (const { mspId, record } of epoch.participants) {
    const state = ledger.participants.get(mspId);
    refuseUnless(state?.record === record && state.status === 'current', 'RECORD_NOT_CURRENT', `${record} is not the current record of ${mspId}`);
  }
}

export function openStudy(step: Step<Opening>): Entry[] {
  const { signed: { statement }, transaction } = step;
  const course: Course = { openedAt: transaction.time, epochs: [statement.epoch] };
  judge(step, 'study.approved', () => {
    assertAuthor(step, statement.member, statement.record);
    const book = bookOf(step, statement.study);
    refuseUnless(membersOf(book.study).includes(statement.member), 'NOT_AUTHORISED', `${statement.member} is no member`);
    refuseUnless(book.course === undefined, 'EPOCH_NOT_NEW', 'the study was open');
    judge(step, 'course.epochs', () => { assertFirstEpoch(step, statement, book); });
    book.course = course;
    book.openedInBlock = transaction.block;
    assertApproved(statement, book);
  });
  return [{ kind: 'course', parts: [statement.study], value: course }];
}
