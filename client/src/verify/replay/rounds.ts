/** Rounds as an auditor repeats them: the same rules that the chaincode applied, on the state before each transaction (PROTOCOL section 4). */
import {
  assertAttestation, assertClosing, assertRetraction, assertSubmission, epochOf, footing, leftBeacon, ownedKeyPolicy,
  type Attestation, type Closing, type OpeningEvidence, type Opened, type Retraction, type RoundContext, type Slot, type StoredClosing, type Submission,
} from '@epione/protocol';
import type { CheckName } from '../report.js';
import { openedBy, recordsOf, type RoundBook, type StudyBook } from './registry.js';
import { assertAuthor, judge, refuseUnless, roundKey, stored, type Entry, type Step } from './step.js';
import { bookOf } from './studies.js';

/** Which check a refused rule belongs to; the others belong to the statement's own. */
const checkOfCode: Readonly<Record<string, CheckName>> = {
  ROUND_NOT_OPEN: 'round.opened', STUDY_ENDED: 'round.opened', STUDY_NOT_OPEN: 'round.opened', STALE_BASE: 'round.opened', EPOCH_WRONG: 'round.opened',
  ALREADY_SUBMITTED: 'submission.once', NOT_SUBMITTED: 'submission.once',
  ROUND_CLOSED: 'round.sealed', ROUND_SEALED: 'round.sealed', ROUND_ENDED: 'round.sealed', NOT_SEALED: 'round.sealed', TOO_EARLY: 'round.sealed', TOO_FEW: 'round.sealed',
  BAD_BEACON: 'beacon.chain', SUITE_REFUSED: 'suite.allowed', BUDGET_SPENT: 'privacy.budget', CONSENT_EMPTY: 'consent.snapshot',
};
const or = (own: CheckName) => (code: string): CheckName => checkOfCode[code] ?? own;

export interface InRound {
  readonly study: string;
  readonly round: number;
}

interface View {
  readonly book: StudyBook;
  readonly context: RoundContext;
}

/** The round that a statement acts on, as it stood before. @throws CodedError STUDY_UNKNOWN, STUDY_NOT_OPEN, ROUND_NOT_OPEN, STUDY_ENDED. */
export function viewOf(step: Step<unknown>, { study, round }: InRound, after?: OpeningEvidence): View {
  const book = bookOf(step, study);
  refuseUnless(book.course !== undefined, 'STUDY_NOT_OPEN', 'the study was not open');
  const epoch = epochOf(book.course, round);
  refuseUnless(epoch !== undefined, 'ROUND_NOT_OPEN', `there was no epoch for round ${round}`);
  // A retraction names no evidence: that its submission exists shows that the round was open.
  const opened: Opened = after === undefined ? { base: book.study.model.initial, openedAt: book.course.openedAt } : openedBy(book, book.course, round, after);
  const found = step.ledger.round(book, round);
  return { book, context: { study: book.study, course: book.course, epoch, opened, records: recordsOf(found), now: step.transaction.time } };
}

/** A key of the round belongs to its writer, with those who act in the round's epoch; but not to a writer without a peer. */
function owned(step: Step<InRound & { readonly record: string }>, owner: string): { policy?: Uint8Array } {
  const { study, round, record } = step.signed.statement;
  if (step.ledger.records.get(record)?.statement.peerless === true) return {};
  const course = step.ledger.studies.get(study)?.course;
  const epoch = course && epochOf(course, round);
  return epoch === undefined ? {} : { policy: ownedKeyPolicy(owner, [...epoch.participants.map((entry) => entry.mspId), ...epoch.aggregators]) };
}

/** Writes into a round's book, rule kept or not, so that one fault does not make others of all that follows. */
function note(step: Step<InRound>, write: (round: RoundBook) => void): void {
  const book = step.ledger.studies.get(step.signed.statement.study);
  if (book !== undefined) write(step.ledger.round(book, step.signed.statement.round));
}

export function submit(step: Step<Submission>): Entry[] {
  const { signed: { statement, digest }, transaction: { block } } = step;
  judge(step, 'submission.signature', () => { assertAuthor(step, statement.participant, statement.record); });
  judge(step, or('submission.signature'), () => {
    const { book, context } = viewOf(step, statement, statement.after);
    assertSubmission({ ...context, slotBefore: book.rounds.get(statement.round - 1)?.slots.get(statement.participant) }, statement);
  });
  const slot: Slot = { kind: 'submission', ...stored(step) };
  note(step, (round) => {
    round.slots.set(statement.participant, slot);
    round.submitted.push({ digest, statement, block });
  });
  return [{ kind: 'submission', parts: [statement.study, roundKey(statement.round), statement.participant], value: slot, ...owned(step, statement.participant) }];
}

export function retract(step: Step<Retraction>): Entry[] {
  const { statement } = step.signed;
  judge(step, 'submission.signature', () => { assertAuthor(step, statement.participant, statement.record); });
  judge(step, or('submission.once'), () => { assertRetraction(viewOf(step, statement).context, statement); });
  const slot: Slot = { kind: 'retraction', ...stored(step) };
  note(step, (round) => { round.slots.set(statement.participant, slot); });
  return [{ kind: 'submission', parts: [statement.study, roundKey(statement.round), statement.participant], value: slot }];
}

/** `closeRound` and `abortRound`; the footing that the round leaves behind stands with the closing. */
export const close = (kind: Closing['kind']) => (step: Step<Closing>): Entry[] => {
  const { statement } = step.signed;
  let value: StoredClosing = { ...stored(step), base: 'zeros' };
  judge(step, or('round.sealed'), () => {
    refuseUnless(statement.kind === kind, 'BAD_FIELD', `this transaction takes ${kind}`);
    assertAuthor(step, statement.member, statement.record);
    const { context } = viewOf(step, statement, statement.after);
    const { beacon } = kind === 'abort' ? leftBeacon(context.opened, statement.round, [], []) : context.opened;
    value = { ...value, ...footing(context.opened.base, context.opened.state, beacon) };
    assertClosing(context, statement, step.ledger.motions.get(statement.proposal ?? ''));
  });
  note(step, (round) => { round.closing = value; });
  return [{ kind: 'closing', parts: [statement.study, roundKey(statement.round)], value }];
};

export function attest(step: Step<Attestation>): Entry[] {
  const { statement } = step.signed;
  judge(step, 'attestation.signature', () => { assertAuthor(step, statement.aggregator, statement.record); });
  judge(step, or('attestation.signature'), () => { assertAttestation(viewOf(step, statement, statement.after).context, statement); });
  note(step, (round) => { round.attestations.set(statement.aggregator, stored(step)); });
  return [{ kind: 'attestation', parts: [statement.study, roundKey(statement.round), statement.aggregator], value: stored(step), ...owned(step, statement.aggregator) }];
}
