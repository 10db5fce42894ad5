/** What a statement must satisfy beyond its form: one set of checks for the chaincode that accepts it and the auditor who repeats them. */
import { aggregatorsIn, leadsToAnchor } from './committee.js';
import { assertMandate } from './course-rules.js';
import { membersIn, type Course, type Epoch } from './course.js';
import { refuseUnless } from '../error.js';
import type { Motion } from '../statements/proposal.js';
import { assertBudget } from '../privacy/budget.js';
import { deriveRound, leftBeacon, liveSet, sealedSet, setDigest, slotOwner, submissionDigest, type Base, type Opened, type RoundRecords, type Slot } from './round.js';
import { committeeSize, initialState } from '../strategy/study-strategy.js';
import type { Study } from '../statements/study.js';
import { assertSuites } from './suite-rules.js';
import type { Attestation, Closing, Retraction, Submission } from '../statements/submission.js';

/** A round as a rule sees it: the study, its roster, why it is open, and what was written so far. */
export interface RoundContext {
  readonly study: Study;
  readonly course: Course;
  readonly epoch: Epoch;
  readonly opened: Opened;
  readonly records: RoundRecords;
  /** The submitter's own slot of the round before; read only in studies with a privacy budget. */
  readonly slotBefore?: Slot | undefined;
  /** Current time, ms since 1970 UTC. */
  readonly now: number;
}

function assertEpoch(context: RoundContext, epoch: number, base?: Base): void {
  refuseUnless(epoch === context.epoch.epoch, 'EPOCH_WRONG', `the round belongs to epoch ${context.epoch.epoch}`);
  if (base !== undefined) refuseUnless(base === context.opened.base, 'STALE_BASE', `the round's base is ${context.opened.base}`);
}

/** In visible mode the statement names the weight; in masked mode it would tell what the mask hides. */
function assertWeight({ aggregation, strategy, encoding }: Study, { numExamples }: Submission): void {
  const visible = aggregation.mode === 'visible';
  refuseUnless(visible === (numExamples !== undefined), 'BAD_FIELD', `submission.numExamples: ${visible ? 'is missing' : 'has no place in masked mode'}`);
  const weight = strategy.weighting === 'uniform' ? 1 : (numExamples ?? 1);
  refuseUnless(weight <= encoding.maxWeight, 'WEIGHT_OUT_OF_RANGE', `numExamples is above ${encoding.maxWeight}`);
}

/** With a committee, a submission reveals the participant's link for this round, and nothing else will do. */
function assertLink(study: Study, anchor: string | undefined, { beacon, round, participant }: Submission): void {
  if (committeeSize(study) === undefined) refuseUnless(beacon === undefined, 'BAD_FIELD', 'submission.beacon: the study has no committee');
  else refuseUnless(beacon !== undefined && anchor !== undefined && leadsToAnchor(beacon, round, anchor), 'BAD_BEACON', `submission.beacon: is not the link of ${participant} for round ${round}`);
}

/** @throws CodedError as PROTOCOL section 4, row `submit`. The signature and the record are checked by the caller. */
export function assertSubmission(context: RoundContext, statement: Submission): void {
  const { study, epoch, records } = context;
  const listed = epoch.participants.find((entry) => entry.mspId === statement.participant);
  refuseUnless(listed !== undefined, 'NOT_A_PARTICIPANT', `${statement.participant} is not in epoch ${epoch.epoch}`);
  const own = records.slots.find((slot) => slotOwner(slot) === statement.participant);
  refuseUnless(own === undefined, 'ALREADY_SUBMITTED', `${statement.participant} has submitted in round ${statement.round}`);
  refuseUnless(records.closing === undefined, 'ROUND_CLOSED', `round ${statement.round} is closed`);
  assertEpoch(context, statement.epoch, statement.base);
  const wanted = aggregatorsIn(study, epoch, context.opened).filter((id) => id !== statement.participant);
  const given = statement.sealed.map((entry) => entry.to);
  refuseUnless(given.length === wanted.length && given.every((id) => wanted.includes(id)), 'RECIPIENTS_WRONG', `recipients must be ${wanted.join(', ')}`);
  assertSuites(study, statement.sealed);
  assertBudget(study, statement.privacy, context.slotBefore?.kind === 'submission' ? context.slotBefore.statement.privacy : undefined);
  assertWeight(study, statement);
  assertLink(study, listed.anchor, statement);
  if (study.aggregation.mode === 'masked') refuseUnless(statement.round < epoch.from + study.aggregation.epochRounds, 'EPOCH_EXPIRED', `the pair keys of epoch ${epoch.epoch} were for ${study.aggregation.epochRounds} rounds from ${epoch.from} on`);
  refuseUnless(!study.consent.required || statement.consent !== undefined, 'CONSENT_EMPTY', 'the study requires a consent commitment');
}

/** @throws CodedError as PROTOCOL section 4, row `retract`: only before the seal. */
export function assertRetraction(context: RoundContext, statement: Retraction): void {
  const own = context.records.slots.find((slot) => slotOwner(slot) === statement.participant);
  refuseUnless(own?.kind === 'submission', 'NOT_SUBMITTED', `${statement.participant} has no submission to retract`);
  refuseUnless(submissionDigest(own.statement) === statement.submission, 'WRONG_SET', 'the retraction names another submission');
  assertEpoch(context, statement.epoch);
  const sealed = context.records.closing !== undefined || context.records.slots.length === context.epoch.participants.length;
  refuseUnless(!sealed, 'ROUND_SEALED', `round ${statement.round} is sealed`);
}

function assertClose(context: RoundContext, statement: Closing): void {
  const state = deriveRound(context.study, context.epoch, context.opened, context.records, context.now);
  refuseUnless(state.state === 'open', 'ROUND_SEALED', `round ${statement.round} is ${state.state}`);
  refuseUnless(state.overdue, 'TOO_EARLY', `the deadline is ${state.deadline}`);
  refuseUnless(state.live.length >= context.study.quorums.submit, 'TOO_FEW', `${state.live.length} submissions, ${context.study.quorums.submit} are needed`);
  refuseUnless(setDigest(statement.submissions) === setDigest(liveSet(context.records.slots)), 'WRONG_SET', 'the list is not the live submissions');
}

function assertAbort(context: RoundContext, statement: Closing, motion: Motion | undefined): void {
  const { study, course, epoch, records } = context;
  const state = deriveRound(study, epoch, context.opened, records, context.now);
  refuseUnless(state.state === 'open' || state.state === 'sealed', 'ROUND_ENDED', `round ${statement.round} is ${state.state}`);
  refuseUnless(statement.submissions.length === 0, 'WRONG_SET', 'an abort lists no submissions');
  if (statement.proposal !== undefined) {
    const { round } = assertMandate('abort', study, course, motion, statement.approvals ?? []);
    refuseUnless(round === statement.round, 'NOT_APPROVED', `the proposal aborts round ${round}`);
    return;
  }
  if (state.state === 'sealed') {
    // Reveals may be out: a second set over the same base would tell the difference of the two sums.
    refuseUnless(study.aggregation.mode === 'visible', 'NOT_APPROVED', 'a sealed round of masked mode is aborted by an approved proposal only');
    refuseUnless(state.overdue, 'TOO_EARLY', `attestations are awaited until ${state.deadline}`);
    return;
  }
  refuseUnless(state.live.length < study.quorums.submit, 'TOO_EARLY', 'enough have submitted: close the round');
  const filled = records.slots.length === epoch.participants.length;
  refuseUnless(filled || context.now >= state.deadline + study.rounds.graceMs, 'TOO_EARLY', `submissions are awaited until ${state.deadline + study.rounds.graceMs}`);
}

/**
 * @param motion the proposal that an abort names, if it does.
 * @throws CodedError as PROTOCOL section 4, rows `closeRound` and `abortRound`.
 */
export function assertClosing(context: RoundContext, statement: Closing, motion?: Motion): void {
  const { member, proposal, approvals, kind } = statement;
  refuseUnless(membersIn(context.study, context.epoch).includes(member), 'NOT_AUTHORISED', `${member} is no member of the study in epoch ${context.epoch.epoch}`);
  refuseUnless(context.records.closing === undefined, 'ROUND_CLOSED', `round ${statement.round} is closed already`);
  assertEpoch(context, statement.epoch);
  const mandated = proposal !== undefined;
  refuseUnless(mandated === (approvals !== undefined) && !(mandated && kind === 'close'), 'BAD_FIELD', 'closing.proposal: belongs to an abort, with its approvals');
  if (kind === 'close') assertClose(context, statement);
  else assertAbort(context, statement, motion);
}

/** @throws CodedError as PROTOCOL section 4, row `attest`; late attestations are recorded. */
export function assertAttestation(context: RoundContext, statement: Attestation): void {
  const { study, epoch, records, opened } = context;
  refuseUnless(aggregatorsIn(study, epoch, opened).includes(statement.aggregator), 'NOT_AN_AGGREGATOR', `${statement.aggregator} is no aggregator of round ${statement.round}`);
  refuseUnless(!records.attestations.some((entry) => entry.statement.aggregator === statement.aggregator), 'ALREADY_ATTESTED', `${statement.aggregator} has attested round ${statement.round}`);
  refuseUnless(records.closing?.statement.kind !== 'abort', 'ROUND_ENDED', `round ${statement.round} was aborted`);
  assertEpoch(context, statement.epoch, statement.result.base);
  const set = sealedSet(study, epoch, records);
  refuseUnless(set !== undefined, 'NOT_SEALED', `round ${statement.round} is not sealed`);
  const wanted = setDigest(set);
  refuseUnless(setDigest(statement.submissions) === wanted && statement.result.set === wanted, 'WRONG_SET', 'the attestation names another set');
  const { result } = statement;
  const complete = result.outcome === 'model' ? result.model !== undefined && statement.witness !== undefined : result.code !== undefined && result.model === undefined;
  refuseUnless(complete, 'BAD_FIELD', 'a model needs its digest and a witness, a failure its code');
  const stateful = initialState(study, 1).length > 0;
  const kept = result.outcome === 'model' ? (result.state !== undefined) === stateful : result.state === opened.state;
  refuseUnless(kept, 'BAD_FIELD', `attestation.result.state: ${stateful ? 'names the state after the round, after a failure the one before' : `${study.strategy.name} has none`}`);
  refuseUnless(opened.base === result.base, 'STALE_BASE', `the round's base is ${opened.base}`);
  refuseUnless(result.beacon === leftBeacon(opened, statement.round, records.slots, set).beacon, 'BAD_BEACON', 'attestation.result.beacon: is not what the set contributed to');
}
