/** Proposals as an auditor repeats them: who made them, who carried them, and the epochs and the end that follow (PROTOCOL sections 3 and 4). */
import { assertEnding, assertNextEpoch, assertProposal, deriveRound, withEpoch, type Course, type Ending, type NextEpoch, type Proposal, type RoundContext, type RoundState } from '@epione/protocol';
import { setupsOf, type StudyBook } from './registry.js';
import { viewOf } from './rounds.js';
import { assertAuthor, judge, refuseUnless, stored, type Entry, type Step } from './step.js';
import { bookOf } from './studies.js';

/** A study that is open. @throws CodedError STUDY_UNKNOWN, STUDY_NOT_OPEN. */
function opened(step: Step<unknown>, study: string): { book: StudyBook; course: Course } {
  const book = bookOf(step, study);
  refuseUnless(book.course !== undefined, 'STUDY_NOT_OPEN', 'the study was not open');
  return { book, course: book.course };
}

export function propose(step: Step<Proposal>): Entry[] {
  const { signed: { statement, digest }, ledger } = step;
  judge(step, 'course.epochs', () => {
    assertAuthor(step, statement.member, statement.record);
    const { book, course } = opened(step, statement.study);
    assertProposal(book.study, course, statement, book.approvals);
    refuseUnless(!ledger.motions.has(digest), 'STUDY_EXISTS', 'it was proposed before');
  });
  if (!ledger.motions.has(digest)) ledger.motions.set(digest, { digest, proposal: statement, decisions: new Map() });
  return [
    { kind: 'proposal', parts: [digest], value: stored(step) },
    { kind: 'agenda', parts: [statement.study, digest], value: { proposal: digest } },
  ];
}

/** A change of the course: judged against the running round, and written down rule kept or not, so that one fault does not make others of all that follows. */
function change(step: Step<NextEpoch | Ending>, from: number, rule: (context: RoundContext, running: RoundState) => void, apply: (course: Course) => Course): Entry[] {
  const { statement } = step.signed;
  judge(step, 'course.epochs', () => {
    assertAuthor(step, statement.member, statement.record);
    const { context } = viewOf(step, { study: statement.study, round: from - 1 }, statement.after);
    rule(context, deriveRound(context.study, context.epoch, context.opened, context.records, context.now));
  });
  const { book, course } = opened(step, statement.study);
  book.course = apply(course);
  return [{ kind: 'course', parts: [statement.study], value: book.course }];
}

export function openEpoch(step: Step<NextEpoch>): Entry[] {
  const { signed: { statement }, ledger } = step;
  const motion = ledger.motions.get(statement.proposal ?? '');
  return change(step, statement.epoch.from,
    (context, running) => { assertNextEpoch(context.study, context.course, running, statement, motion, ledger.participants, setupsOf(bookOf(step, statement.study), statement.epoch.epoch)); },
    (course) => withEpoch(course, statement));
}

export function endStudy(step: Step<Ending>): Entry[] {
  const { signed: { statement }, ledger, transaction } = step;
  return change(step, statement.from,
    (context, running) => { assertEnding(context.study, context.course, running, statement, ledger.motions.get(statement.proposal)); },
    (course) => ({ ...course, end: { from: statement.from, time: transaction.time } }));
}
