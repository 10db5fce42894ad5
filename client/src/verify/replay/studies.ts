/** Studies as an auditor repeats them: registered, approved by a quorum, opened with the roster that was agreed (PROTOCOL section 3). */
import { assertAnchor, assertOpening, mayDecide, membersOf, readStudy, type Approval, type Course, type Opening, type Study } from '@epione/protocol';
import { setupsOf, type StudyBook } from './registry.js';
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
  if (!ledger.studies.has(digest)) ledger.studies.set(digest, { digest, study: statement, approvals: new Map(), openedInBlock: 0, rounds: new Map(), setups: new Map() });
  return [{ kind: 'study', parts: [digest], value: stored(step) }];
}

export function approve(step: Step<Approval>): Entry[] {
  const { subject, member, record } = step.signed.statement;
  judge(step, 'study.approved', () => {
    assertAuthor(step, member, record);
    const motion = step.ledger.motions.get(subject);
    const { study, course, approvals } = bookOf(step, motion?.proposal.study ?? subject);
    const may = motion === undefined ? membersOf(study).includes(member) : course !== undefined && mayDecide(study, course, motion.proposal, member);
    refuseUnless(may, 'NOT_AUTHORISED', `${member} has no say in ${subject}`);
    assertAnchor(study, motion && course, motion?.proposal, step.signed.statement);
    const decisions = motion?.decisions ?? approvals;
    refuseUnless(!decisions.has(member), 'ALREADY_APPROVED', `${member} has decided before`);
    decisions.set(member, stored(step));
  });
  return [{ kind: 'approval', parts: [subject, member], value: stored(step) }];
}

export function openStudy(step: Step<Opening>): Entry[] {
  const { signed: { statement }, transaction } = step;
  const course: Course = { openedAt: transaction.time, epochs: [statement.epoch] };
  judge(step, 'study.approved', () => {
    assertAuthor(step, statement.member, statement.record);
    const book = bookOf(step, statement.study);
    refuseUnless(membersOf(book.study).includes(statement.member), 'NOT_AUTHORISED', `${statement.member} is no member`);
    refuseUnless(book.course === undefined, 'EPOCH_NOT_NEW', 'the study was open');
    book.course = course;
    book.openedInBlock = transaction.block;
    assertOpening(book.study, statement, book.approvals, step.ledger.participants, setupsOf(book, 1));
  });
  return [{ kind: 'course', parts: [statement.study], value: course }];
}
