/** The states of a round, derived by one pure function from what the participants wrote (PROTOCOL section 4). */
import { encodeCanonical } from '../encoding/canonical-json.js';
import { aggregatorsIn, nextBeacon, startingBeacon } from './committee.js';
import { epochOf, lastRound, type Course, type Epoch } from './course.js';
import { digestOf, hashName, type Digest } from '../encoding/digest.js';
import { CodedError } from '../error.js';
import type { SubmissionRef } from '../encoding/fields.js';
import type { Stored } from '../statements/signed.js';
import { statementDigest } from '../statements/statement.js';
import type { Study } from '../statements/study.js';
import { resultDigest, type Attestation, type Closing, type OpeningEvidence, type Result, type Retraction, type Submission } from '../statements/submission.js';

/** A round's base model: its digest, or `zeros` before the first model of a study that starts from zero. */
export type Base = Digest | 'zeros';

/** The slot of a participant: its submission, or that submission's retraction. */
export type Slot = ({ readonly kind: 'submission' } & Stored<Submission>) | ({ readonly kind: 'retraction' } & Stored<Retraction>);

/** What a round builds on and leaves to the next: the base model and the server strategy's state, absent before the first round that left one. */
export interface Footing {
  readonly base: Base;
  readonly state?: Digest;
  /** The beacon by which the next round's committee is drawn, hex; only in studies with one. */
  readonly beacon?: string;
}

/** The value of `closing~S~R`: the closing statement and the footing it left behind. */
export type StoredClosing = Stored<Closing> & Footing;

/** What the ledger holds of one round; the lists are by MSP ID and leave out empty keys. */
export interface RoundRecords {
  readonly slots: readonly Slot[];
  readonly closing?: StoredClosing | undefined;
  readonly attestations: readonly Stored<Attestation>[];
}

/** Why the round is open, checked: what it builds on and when it became open. */
export interface Opened extends Footing {
  readonly openedAt: number;
}

export type RoundState =
  | { readonly state: 'open'; readonly live: readonly string[]; readonly missing: readonly string[]; readonly deadline: number; readonly overdue: boolean }
  | { readonly state: 'sealed'; readonly set: readonly SubmissionRef[]; readonly sealedAt: number; readonly awaited: readonly string[]; readonly deadline: number; readonly overdue: boolean }
  | { readonly state: 'final' | 'failed'; readonly set: readonly SubmissionRef[]; readonly result: Result; readonly attesters: readonly string[]; readonly dissent: readonly string[]; readonly endedAt: number }
  | { readonly state: 'aborted'; readonly base: Base; readonly reason: string; readonly endedAt: number };

/** The digest of a set of submissions, as `result.set` has it. */
export const setDigest = (set: readonly SubmissionRef[]): Digest => digestOf(encodeCanonical(set), set[0] && hashName(set[0].digest));

/** The digest of a slot's submission statement. */
export const submissionDigest = (statement: Submission): Digest => statementDigest('submission', statement);

/** The participant that owns a slot. */
export const slotOwner = (slot: Slot): string => slot.statement.participant;

/** The live submissions of a round, by MSP ID. */
export function liveSet(slots: readonly Slot[]): SubmissionRef[] {
  return slots
    .flatMap((slot) => (slot.kind === 'submission' ? [{ participant: slot.statement.participant, digest: submissionDigest(slot.statement) }] : []))
    .sort((a, b) => (a.participant < b.participant ? -1 : 1));
}

/** Attestations grouped by equal results: the group that reaches the quorum, if any. */
function agreed(attestations: readonly Stored<Attestation>[], quorum: number): readonly Stored<Attestation>[] | undefined {
  const groups = new Map<Digest, Stored<Attestation>[]>();
  for (const entry of attestations) {
    const key = resultDigest(entry.statement.result);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()].find((group) => group.length >= quorum);
}

/** The members of a sealed set, or undefined while the round is still open. */
export function sealedSet(study: Study, epoch: Epoch, records: RoundRecords): readonly SubmissionRef[] | undefined {
  if (records.closing !== undefined) return records.closing.statement.kind === 'close' ? records.closing.statement.submissions : undefined;
  const live = liveSet(records.slots);
  return records.slots.length === epoch.participants.length && live.length >= study.quorums.submit ? live : undefined;
}

const earliest = (times: readonly number[]): number => Math.min(...times);

/**
 * The state of a round. Pure: chaincode, worker and auditor call the same one.
 * @param now ms since 1970 UTC; in chaincode the transaction's timestamp.
 */
export function deriveRound(study: Study, epoch: Epoch, opened: Opened, records: RoundRecords, now: number): RoundState {
  const { slots, closing, attestations } = records;
  if (closing?.statement.kind === 'abort') return { state: 'aborted', base: closing.base, reason: closing.statement.reason, endedAt: closing.time };
  const set = sealedSet(study, epoch, records);
  if (set === undefined) {
    const live = liveSet(slots).map((entry) => entry.participant);
    const times = slots.filter((slot) => slot.kind === 'submission').map((slot) => slot.time);
    const deadline = (times.length > 0 ? Math.max(opened.openedAt, earliest(times)) : opened.openedAt) + study.rounds.submitMs;
    const filled = new Set(slots.map(slotOwner));
    return { state: 'open', live, missing: epoch.participants.map((entry) => entry.mspId).filter((id) => !filled.has(id)), deadline, overdue: now >= deadline };
  }
  const winners = agreed(attestations, epoch.quorum);
  const first = winners?.[0];
  if (winners !== undefined && first !== undefined) {
    const { result } = first.statement;
    const attesters = winners.map((entry) => entry.statement.aggregator);
    const dissent = attestations.map((entry) => entry.statement.aggregator).filter((id) => !attesters.includes(id));
    const endedAt = winners.map((entry) => entry.time).sort((a, b) => a - b)[epoch.quorum - 1] ?? first.time;
    return { state: result.outcome === 'model' ? 'final' : 'failed', set, result, attesters, dissent, endedAt };
  }
  const members = new Set(set.map((entry) => entry.participant));
  const sealedAt = Math.max(...slots.filter((slot) => members.has(slotOwner(slot))).map((slot) => slot.time), closing?.time ?? 0);
  const begun = attestations.length > 0 ? Math.max(sealedAt, earliest(attestations.map((entry) => entry.time))) : sealedAt;
  const deadline = begun + study.rounds.attestMs;
  const heard = new Set(attestations.map((entry) => entry.statement.aggregator));
  return { state: 'sealed', set, sealedAt, awaited: aggregatorsIn(study, epoch, opened).filter((id) => !heard.has(id)), deadline, overdue: now >= deadline };
}

/** A footing from its parts. */
export const footing = (base: Base, state: Digest | undefined, beacon?: string): Footing => ({ base, ...(state === undefined ? {} : { state }), ...(beacon === undefined ? {} : { beacon }) });

/** What the ledger holds of the round before, as far as the evidence names it. */
export interface PreviousRound {
  /** The attestations of the named attesters that exist. */
  readonly attestations: readonly Stored<Attestation>[];
  readonly closing?: StoredClosing | undefined;
}

const notOpen = (sentence: string): never => {
  throw new CodedError('ROUND_NOT_OPEN', sentence);
};

/** Evidence of kind `ended`: exactly a quorum of the round before attested one result. */
function openedByQuorum(course: Course, round: number, attesters: readonly string[], previous: PreviousRound): Opened {
  const epoch = epochOf(course, round - 1);
  if (epoch === undefined || attesters.length !== epoch.quorum) return notOpen(`evidence names ${attesters.length} attesters, not the quorum`);
  if (attesters.some((id) => !epoch.aggregators.includes(id))) return notOpen('evidence names an attester that is no aggregator');
  const named = previous.attestations.filter((entry) => attesters.includes(entry.statement.aggregator));
  const first = named[0];
  if (first === undefined || named.length !== epoch.quorum) return notOpen(`round ${round - 1} lacks an attestation that the evidence names`);
  const wanted = resultDigest(first.statement.result);
  if (named.some((entry) => resultDigest(entry.statement.result) !== wanted)) return notOpen(`the named attestations of round ${round - 1} differ`);
  const { result } = first.statement;
  const base = result.outcome === 'model' ? result.model : result.base;
  if (base === undefined) return notOpen(`the result of round ${round - 1} names no model`);
  return { ...footing(base, result.state, result.beacon), openedAt: Math.max(...named.map((entry) => entry.time)) };
}

/**
 * Checks opening evidence against the ledger and gives the round's base and opening time.
 * @throws CodedError ROUND_NOT_OPEN when the evidence does not show that the round is open, STUDY_ENDED after the last round.
 */
export function openRound(study: Study, course: Course, round: number, after: OpeningEvidence, previous: PreviousRound): Opened {
  if (round > lastRound(study, course)) throw new CodedError('STUDY_ENDED', `the study has ${lastRound(study, course)} rounds`);
  if ((after.kind === 'opening') !== (round === 1)) return notOpen(`round ${round} is not opened by evidence of kind ${after.kind}`);
  if (after.kind === 'opening') return { base: study.model.initial, ...startingBeacon(study), openedAt: course.openedAt };
  if (after.kind === 'ended') return openedByQuorum(course, round, after.attesters, previous);
  const { closing } = previous;
  if (closing?.statement.kind !== 'abort') return notOpen(`round ${round - 1} was not aborted`);
  return { ...footing(closing.base, closing.state, closing.beacon), openedAt: closing.time };
}

/** The evidence that round r + 1 is open, from an ended round; exactly `quorum` attesters, the first by MSP ID. */
export function evidenceAfter(state: RoundState, quorum: number): OpeningEvidence | undefined {
  if (state.state === 'aborted') return { kind: 'aborted' };
  if (state.state === 'final' || state.state === 'failed') return { kind: 'ended', attesters: [...state.attesters].sort().slice(0, quorum) };
  return undefined;
}

/** The beacon that a round leaves behind: contributions are those of its set. Nothing where the study has no committee. */
export function leftBeacon({ beacon }: Pick<Opened, 'beacon'>, round: number, slots: readonly Slot[], set: readonly SubmissionRef[]): { readonly beacon?: string } {
  if (beacon === undefined) return {};
  const contributions = set.map(({ participant }) => {
    const slot = slots.find(({ statement }) => statement.participant === participant);
    return (slot?.kind === 'submission' ? slot.statement.beacon : undefined) ?? '';
  });
  return { beacon: nextBeacon(beacon, round, contributions) };
}
