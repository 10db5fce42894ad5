/** Who may open, change and end the course of a study: one set of checks for the chaincode that accepts a statement and the auditor who repeats it. */
import { approvers, type Approval, type Decisions } from '../statements/approval.js';
import { attesters, committeeSize } from '../strategy/study-strategy.js';
import { lastRound, membersIn, participantsOf, type Course, type Ending, type Epoch, type NextEpoch, type Opening } from './course.js';
import { CodedError, refuseUnless } from '../error.js';
import { assertSetups, type Setups } from '../masked/setup.js';
import type { ParticipantState } from '../statements/participant.js';
import type { Motion, Proposal, ProposalKind, ProposalOf } from '../statements/proposal.js';
import type { RoundState } from './round.js';
import { encodingFaults, maskedFaults, type Study } from '../statements/study.js';

/** The states of organizations' records, by MSP ID. */
export type Records = ReadonlyMap<string, ParticipantState>;

/** A roster without its records: who trains, who recomputes, and the attestation quorum. */
interface Roster {
  readonly participants: readonly string[];
  readonly aggregators: readonly string[];
  readonly quorum: number;
}

const rosterOf = (entry: Epoch): Roster => ({ participants: participantsOf(entry), aggregators: entry.aggregators, quorum: entry.quorum });
const sameRoster = (a: Roster, b: Roster): boolean => a.quorum === b.quorum && a.participants.join() === b.participants.join() && a.aggregators.join() === b.aggregators.join();

/** The organizations of a roster, sorted. */
export const organizationsOf = ({ participants, aggregators }: Pick<Roster, 'participants' | 'aggregators'>): string[] => [...new Set([...participants, ...aggregators])].sort();

/** The last epoch of a course, in force or about to be. */
export function latestEpoch({ epochs }: Course): Epoch {
  const last = epochs.at(-1);
  if (last === undefined) throw new CodedError('STUDY_NOT_OPEN', 'the course has no epoch');
  return last;
}

function assertCurrent(entry: Epoch, records: Records): void {
  for (const { mspId, record } of entry.participants) {
    const state = records.get(mspId);
    refuseUnless(state?.record === record && state.status === 'current', 'RECORD_NOT_CURRENT', `${record} is not the current record of ${mspId}`);
  }
}

/**
 * The opening of a study: approved by a quorum and by each participant, with the study's own roster as the first epoch.
 * @throws CodedError NOT_APPROVED, EPOCH_WRONG, RECORD_NOT_CURRENT, SETUP_MISSING.
 */
export function assertOpening(study: Study, statement: Opening, decisions: Decisions, records: Records, setups: Setups): void {
  const inFavour = approvers(statement.approvals, decisions);
  refuseUnless(inFavour.size >= study.quorums.approve, 'NOT_APPROVED', `${inFavour.size} approvals, ${study.quorums.approve} are needed`);
  const silent = study.participants.filter((id) => !inFavour.has(id));
  refuseUnless(silent.length === 0, 'NOT_APPROVED', `each participant must approve; missing: ${silent.join(', ')}`);
  const wanted: Roster = { participants: study.participants, aggregators: study.aggregators, quorum: study.quorums.attest };
  refuseUnless(statement.epoch.epoch === 1 && statement.epoch.from === 1 && sameRoster(rosterOf(statement.epoch), wanted), 'EPOCH_WRONG', 'the first epoch is the roster of the study from round 1 on');
  assertCurrent(statement.epoch, records);
  assertSetups(study, statement.epoch, setups);
  assertAnchors(study, statement.epoch, undefined, decisions);
}

/** The anchor that an organization last took part with. */
const anchorBefore = (course: Course, mspId: string): string | undefined => course.epochs.flatMap(({ participants }) => participants).findLast((entry) => entry.mspId === mspId && entry.anchor !== undefined)?.anchor;

/**
 * That the participants of an epoch come with their anchors, where the study has a committee: each the one of its approval, else the one it had before.
 * @param decisions on what lets the epoch in: the study, for the first one, or the roster's proposal.
 * @throws CodedError BAD_BEACON, BAD_FIELD in a study without a committee.
 */
function assertAnchors(study: Study, { participants }: Epoch, course: Course | undefined, decisions: Decisions): void {
  for (const { mspId, anchor } of participants) {
    if (committeeSize(study) === undefined) refuseUnless(anchor === undefined, 'BAD_FIELD', 'epoch.participants.anchor: the study has no committee');
    else {
      const wanted = anchorFor(course, mspId, decisions);
      refuseUnless(anchor !== undefined && anchor === wanted, 'BAD_BEACON', `the anchor of ${mspId} is ${wanted ?? 'in no approval'}`);
    }
  }
}

/** The decisions on a proposal that a statement names; whoever reads the ledger afterwards may know more. */
export const namedDecisions = (motion: Motion | undefined, named: Opening['approvals']): Decisions => new Map([...(motion?.decisions ?? [])].filter(([member]) => named.some((entry) => entry.member === member)));

/** The anchor with which an organization takes part in the next epoch; undefined when it has given none. */
export const anchorFor = (course: Course | undefined, mspId: string, decisions: Decisions): string | undefined =>
  decisions.get(mspId)?.statement.anchor ?? (course && anchorBefore(course, mspId));

/**
 * That an approval has an anchor where one is needed: with a committee, that of the study by a participant, and that of a roster by a participant who had none.
 * @param proposal that is approved; undefined for the study itself.
 * @throws CodedError BAD_BEACON when it is missing, BAD_FIELD where it has no place.
 */
export function assertAnchor(study: Study, course: Course | undefined, proposal: Proposal | undefined, { member, decision, anchor }: Approval): void {
  const trains = proposal === undefined ? study.participants : proposal.kind === 'roster' ? proposal.participants : [];
  const may = committeeSize(study) !== undefined && decision === 'approve' && trains.includes(member);
  const must = may && (proposal === undefined || course === undefined || anchorBefore(course, member) === undefined);
  refuseUnless(may || anchor === undefined, 'BAD_FIELD', 'approval.anchor: belongs to a participant’s approval in a study with a committee');
  refuseUnless(!must || anchor !== undefined, 'BAD_BEACON', `approval.anchor: ${member} takes part in a study with a committee`);
}

function assertRoster(study: Study, last: Epoch, roster: ProposalOf<'roster'>): void {
  const { participants, aggregators, quorum } = roster;
  refuseUnless(!sameRoster(rosterOf(last), roster), 'EPOCH_NOT_NEW', `epoch ${last.epoch} has this roster`);
  const attest = attesters(study, aggregators.length);
  refuseUnless(attest <= aggregators.length, 'TOO_FEW', `the study's committee has ${attest} members`);
  refuseUnless(quorum * 2 > attest && quorum <= attest, 'BAD_FIELD', `proposal.quorum: must be more than half of the ${attest} aggregators of a round, and no more than all`);
  refuseUnless(participants.length >= study.quorums.submit, 'TOO_FEW', `${participants.length} participants; the study needs ${study.quorums.submit} submissions a round`);
  const [fault] = encodingFaults(study, participants.length);
  refuseUnless(fault === undefined, 'SUM_OUT_OF_RANGE', fault ?? '');
  const [few] = maskedFaults(study, participants.length);
  refuseUnless(few === undefined, 'TOO_FEW', few ?? '');
}

/** A proposal about the keys of one member. */
type AboutKeys = ProposalOf<'revoke' | 'admit'>;
const isAboutKeys = (statement: Proposal): statement is AboutKeys => statement.kind === 'revoke' || statement.kind === 'admit';

/** Who votes on a proposal: the members in force in its epoch, but nobody on its own keys, since they may be in other hands. */
const votersOn = (study: Study, entry: Epoch, statement: Proposal): string[] => membersIn(study, entry).filter((id) => !isAboutKeys(statement) || id !== statement.mspId);

/**
 * Only members decide on each other's keys: who never approved of this study is not theirs to judge, else two organizations
 * could found a study to revoke a third one's keys. Whoever came after the first epoch came by its own approval.
 */
function assertConcerned(study: Study, course: Course, last: Epoch, statement: AboutKeys, onStudy: Decisions): void {
  const { mspId } = statement;
  const [first] = course.epochs;
  const approved = onStudy.get(mspId)?.statement.decision === 'approve' || (first !== undefined && !membersIn(study, first).includes(mspId));
  refuseUnless(membersIn(study, last).includes(mspId) && approved, 'NOT_AUTHORISED', `${mspId} is no member of the study by its own approval: its keys are not for this study to decide on`);
  refuseUnless(votersOn(study, last, statement).length >= 2, 'TOO_FEW', `no organization decides alone on the keys of ${mspId}`);
  refuseUnless(statement.kind === 'admit' || statement.since === undefined || statement.reason === 'compromised', 'BAD_FIELD', 'proposal.since: belongs to the reason compromised');
}

/**
 * @param onStudy the decisions on the study itself, at least that of the organization whose keys the proposal is about.
 * @throws CodedError STUDY_ENDED, EPOCH_WRONG, NOT_AUTHORISED, and by kind EPOCH_NOT_NEW, BAD_FIELD, TOO_FEW, SUM_OUT_OF_RANGE.
 */
export function assertProposal(study: Study, course: Course, statement: Proposal, onStudy: Decisions): void {
  const last = latestEpoch(course);
  // A study that has ended can still let its members back in, who could else join no other one.
  refuseUnless(course.end === undefined || statement.kind === 'admit', 'STUDY_ENDED', 'the end of the study is written');
  refuseUnless(statement.epoch === last.epoch, 'EPOCH_WRONG', `the last epoch is ${last.epoch}`);
  refuseUnless(votersOn(study, last, statement).includes(statement.member), 'NOT_AUTHORISED', `${statement.member} is no member of the study that may propose this`);
  if (isAboutKeys(statement)) assertConcerned(study, course, last, statement, onStudy);
  if (statement.kind === 'roster') assertRoster(study, last, statement);
  if (statement.kind === 'abort') refuseUnless(statement.round <= study.rounds.count, 'STUDY_ENDED', `the study has ${study.rounds.count} rounds`);
}

const epochNamed = (course: Course, { epoch }: Proposal): Epoch => {
  const found = course.epochs.find((entry) => entry.epoch === epoch);
  if (found === undefined) throw new CodedError('EPOCH_WRONG', `there is no epoch ${epoch}`);
  return found;
};

/** Organizations that a proposal would let in; each must approve. */
const joiners = (statement: Proposal, members: readonly string[]): string[] => (statement.kind === 'roster' ? organizationsOf(statement).filter((id) => !members.includes(id)) : []);

/** Who may decide on a proposal: the members of the epoch in which it was made, but not on their own keys, and those it would let in. */
export function mayDecide(study: Study, course: Course, statement: Proposal, mspId: string): boolean {
  const base = epochNamed(course, statement);
  return votersOn(study, base, statement).includes(mspId) || joiners(statement, membersIn(study, base)).includes(mspId);
}

/** Approvals of members that a proposal needs: the study's quorum, and more than half of the members, but no more than may vote. */
export const votesNeeded = ({ quorums }: Pick<Study, 'quorums'>, members: number, voters = members): number => Math.min(voters, Math.max(quorums.approve, Math.floor(members / 2) + 1));

/**
 * That a proposal is approved and still stands.
 * @throws CodedError EPOCH_EXPIRED after another change of the roster, NOT_APPROVED.
 */
export function assertCarried(study: Study, course: Course, { proposal, decisions }: Motion, named: Opening['approvals']): void {
  const base = epochNamed(course, proposal);
  const changed = course.epochs.find((entry) => entry.epoch > base.epoch && !sameRoster(rosterOf(entry), rosterOf(base)));
  refuseUnless(changed === undefined, 'EPOCH_EXPIRED', `the roster has changed with epoch ${changed?.epoch ?? ''}`);
  const inFavour = approvers(named, decisions);
  const members = membersIn(study, base);
  const voters = votersOn(study, base, proposal);
  const votes = voters.filter((id) => inFavour.has(id)).length;
  const needed = votesNeeded(study, members.length, voters.length);
  refuseUnless(votes >= needed, 'NOT_APPROVED', `${votes} approvals of members, ${needed} are needed`);
  const silent = joiners(proposal, members).filter((id) => !inFavour.has(id));
  refuseUnless(silent.length === 0, 'NOT_APPROVED', `each organization that joins must approve; missing: ${silent.join(', ')}`);
}

/** That a carried motion is the one of a kind that a statement names. @throws also NOT_APPROVED when it is none or another. */
export function assertMandate<K extends ProposalKind>(kind: K, study: Study, course: Course, motion: Motion | undefined, named: Opening['approvals']): ProposalOf<K> {
  if (motion?.proposal.kind !== kind) throw new CodedError('NOT_APPROVED', `this needs an approved proposal of kind ${kind}`);
  assertCarried(study, course, motion, named);
  return motion.proposal as ProposalOf<K>;
}

/** What holds of every change of a course: a member makes it, for the round after the running one. */
function assertChange(study: Study, course: Course, running: RoundState, { member }: { readonly member: string }, from: number): void {
  refuseUnless(membersIn(study, latestEpoch(course)).includes(member), 'NOT_AUTHORISED', `${member} is no member of the study`);
  refuseUnless(course.end === undefined && from <= study.rounds.count, 'STUDY_ENDED', `the study has ${lastRound(study, course)} rounds`);
  refuseUnless(running.state === 'open' || running.state === 'sealed', 'ROUND_ENDED', `round ${from - 1} is ${running.state}; name a later one`);
}

/**
 * The next epoch of a course.
 * @param running the state of round `epoch.from` - 1.
 * @param motion the proposal that the statement names.
 * @throws CodedError EPOCH_NOT_NEW, EPOCH_WRONG, EPOCH_EXPIRED, NOT_APPROVED, NOT_AUTHORISED, STUDY_ENDED, ROUND_ENDED, RECORD_NOT_CURRENT, SETUP_MISSING.
 */
export function assertNextEpoch(study: Study, course: Course, running: RoundState, statement: NextEpoch, motion: Motion | undefined, records: Records, setups: Setups): void {
  const { epoch, approvals } = statement;
  const last = latestEpoch(course);
  refuseUnless(epoch.epoch === last.epoch + 1 && epoch.from > last.from, 'EPOCH_NOT_NEW', `the next epoch is ${last.epoch + 1}, from a round after ${last.from}`);
  assertChange(study, course, running, statement, epoch.from);
  const roster = rosterOf(epoch);
  if (!sameRoster(rosterOf(last), roster)) {
    const agreed = assertMandate('roster', study, course, motion, approvals);
    refuseUnless(sameRoster(agreed, roster), 'EPOCH_WRONG', 'the epoch is not the roster that was approved');
  } else refuseUnless(statement.proposal === undefined && approvals.length === 0, 'BAD_FIELD', 'epoch.proposal: the same roster needs none');
  assertCurrent(epoch, records);
  assertSetups(study, epoch, setups);
  assertAnchors(study, epoch, course, namedDecisions(motion, approvals));
  // The epoch names no record of those who only aggregate; whoever seals to them takes the current one, so there must be one.
  for (const mspId of epoch.aggregators) refuseUnless(records.get(mspId)?.status === 'current', 'RECORD_NOT_CURRENT', `${mspId} has no current record`);
}

/** The end of a course after the running round. @throws CodedError as `assertNextEpoch`. */
export function assertEnding(study: Study, course: Course, running: RoundState, statement: Ending, motion: Motion | undefined): void {
  assertChange(study, course, running, statement, statement.from);
  assertMandate('end', study, course, motion, statement.approvals);
}

/** A course with its next epoch. */
export const withEpoch = (course: Course, { epoch }: NextEpoch): Course => ({ ...course, epochs: [...course.epochs, epoch] });
