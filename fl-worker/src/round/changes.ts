/** Changes of a study that its members have approved: any member's worker carries them out, during the running round and for the next one. */
import {
  anchorFor, approvalsIn, assertCarried, attesters, CodedError, latestEpoch, membersIn, organizationsOf, participantsOf, sign,
  type Closing, type Course, type Decisions, type Ending, type Epoch, type NextEpoch, type ProposalOf, type Revocation, type Study,
} from '@epione/protocol';
import type { Committed, ProposalView } from '@epione/client';
import type { Site } from '../site/site.js';
import { currentRecord, readCourse, setupOf, type RoundView, type StudyInForce } from './course.js';
import { codeOf } from './refusal.js';
import { Remembered, type News } from './remembered.js';

/** What it takes to write a change: the ledger, who signs, and under which record. */
export type Hand = Pick<Site, 'config' | 'ledger' | 'keys' | 'own'>;

/** A wanted change of a roster; what is left out stays. */
export interface RosterChange {
  /** Organizations that train and recompute from now on. */
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  /** The whole list of those who train. */
  readonly participants?: readonly string[];
  /** The whole list of those who recompute. */
  readonly aggregators?: readonly string[];
}

/** A roster after a change; the attestation quorum is more than half of those who recompute a round. */
export function changedRoster(study: Study, last: Epoch, { add = [], remove = [], participants, aggregators }: RosterChange): Pick<ProposalOf<'roster'>, 'participants' | 'aggregators' | 'quorum'> {
  const change = (list: readonly string[]): string[] => [...new Set([...list, ...add])].filter((mspId) => !remove.includes(mspId)).sort();
  const recompute = change(aggregators ?? last.aggregators);
  return { participants: change(participants ?? participantsOf(last)), aggregators: recompute, quorum: Math.floor(attesters(study, recompute.length) / 2) + 1 };
}

/** Whether a proposal has the approvals that it needs and still stands. */
export function isCarried({ document, course }: StudyInForce, { digest, proposal, approvals }: ProposalView): boolean {
  const decisions = new Map(approvals.map((entry) => [entry.statement.member, entry]));
  try {
    assertCarried(document, course, { digest, proposal: proposal.statement, decisions }, approvalsIn(approvals));
    return true;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}

/** The anchor with which a member takes part in the next epoch; only in studies with a committee has anybody given one. */
function anchorOf(course: Course, mspId: string, decisions: Decisions): { anchor?: string } {
  const anchor = anchorFor(course, mspId, decisions);
  return anchor === undefined ? {} : { anchor };
}

/** Writes the next epoch, from the round after the running one: a roster that was approved, or the present one with its members' present records. @throws CodedError of the ledger. */
export async function openEpoch({ config, ledger, keys, own }: Hand, { digest, document, course }: StudyInForce, view: RoundView, motion?: ProposalView): Promise<Committed & { readonly epoch: Epoch }> {
  const last = latestEpoch(course);
  const roster = (motion?.proposal.statement as ProposalOf<'roster'> | undefined) ?? { participants: participantsOf(last), aggregators: last.aggregators, quorum: last.quorum };
  const records = await Promise.all(organizationsOf(roster).map(async (mspId) => ({ mspId, record: (await currentRecord(ledger, mspId)).digest })));
  const from = view.round + 1;
  const setups = document.aggregation.mode === 'masked' ? (await ledger.listSetups(digest, last.epoch + 1)).filter(({ statement }) => statement.from === from) : [];
  const decisions: Decisions = new Map(motion?.approvals.map((entry) => [entry.statement.member, entry]));
  const epoch: Epoch = {
    epoch: last.epoch + 1, from, aggregators: [...roster.aggregators], quorum: roster.quorum,
    participants: records.filter(({ mspId }) => roster.participants.includes(mspId)).map((entry) => ({ ...entry, ...setupOf(setups, entry.mspId), ...anchorOf(course, entry.mspId, decisions) })),
  };
  const mandate = motion === undefined ? { approvals: [] } : { proposal: motion.digest, approvals: approvalsIn(motion.approvals) };
  const statement: NextEpoch = { study: digest, member: config.mspId, record: own.digest, epoch, ...mandate, after: view.after };
  return { ...(await ledger.openEpoch(sign('epoch', statement, keys.signer))), epoch };
}

/** Revokes a member's record, unless that was done or the member has another one by now. */
async function revokeFor({ config, ledger, keys, own }: Hand, { mspId, revokes, reason, since }: ProposalOf<'revoke'>, motion: ProposalView): Promise<{ told: string; facts: object } | undefined> {
  const { state } = await ledger.getParticipant(mspId);
  if (state?.record !== revokes || state.status !== 'current') return undefined;
  const mandate = { member: config.mspId, record: own.digest, proposal: motion.digest, approvals: approvalsIn(motion.approvals) };
  const revocation: Revocation = { mspId, record: revokes, reason, ...(since === undefined ? {} : { since }), mandate };
  await ledger.revokeParticipant(sign('revocation', revocation, keys.signer));
  return { told: 'revoked a record', facts: { mspId, record: revokes, reason } };
}

/** Does what a carried proposal asks for. @returns what to report. @throws CodedError of the ledger. */
async function carryOut(hand: Hand, study: StudyInForce, view: RoundView, motion: ProposalView): Promise<{ told: string; facts: object } | undefined> {
  const { config, ledger, keys, own } = hand;
  const { statement } = motion.proposal;
  if (statement.kind === 'revoke') return revokeFor(hand, statement, motion);
  const ours = { study: study.digest, member: config.mspId, record: own.digest, proposal: motion.digest, approvals: approvalsIn(motion.approvals), after: view.after };
  if (statement.kind === 'roster') {
    const { epoch } = await openEpoch(hand, study, view, motion);
    return { told: 'opened an epoch', facts: { epoch: epoch.epoch, from: epoch.from, participants: participantsOf(epoch) } };
  }
  if (statement.kind === 'end') {
    const ending: Ending = { ...ours, from: view.round + 1 };
    await ledger.endStudy(sign('ending', ending, keys.signer));
    return { told: 'ended the study', facts: { from: ending.from } };
  }
  if (statement.kind === 'abort' && statement.round === view.round) {
    const closing: Closing = { ...ours, epoch: view.epoch.epoch, round: view.round, kind: 'abort', submissions: [], reason: 'ROUND_ENDED' };
    await ledger.abortRound(sign('closing', closing, keys.signer));
    return { told: 'aborted the round', facts: { round: view.round, proposal: motion.digest } };
  }
  return undefined;
}

/** Looks for carried proposals of one study. */
export class Changes {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #proposals: Remembered<readonly ProposalView[]>;
  #lookedAt = -Infinity;
  /** When each carried proposal was seen first, monotonic ms. */
  readonly #seen = new Map<string, number>();

  constructor(site: Site, study: StudyInForce, news: News) {
    this.#site = site;
    this.#study = study;
    this.#proposals = new Remembered(news, site.elapsed);
  }

  /** Participants of an approved change of the roster that no epoch has yet, as last seen. */
  roster: readonly string[] | undefined;

  /** Looks, but not oftener than the site polls; a member carries out what is due. That another member was faster, or the round went on, is no fault: the next look finds how it stands. @throws passing errors of the ledger's queries. */
  async step(view: RoundView, member: boolean): Promise<void> {
    const { ledger, config, elapsed, report } = this.#site;
    if (elapsed() - this.#lookedAt < config.pollMs) return;
    this.#lookedAt = elapsed();
    const proposals = await this.#proposals.get('all', () => ledger.listProposals(this.#study.digest));
    this.roster = undefined;
    if (proposals.length === 0) return;
    await readCourse(ledger, this.#study);
    this.roster = proposals.flatMap((motion) => (motion.proposal.statement.kind === 'roster' && this.#stands(motion, view) ? [motion.proposal.statement.participants] : []))[0];
    for (const motion of proposals) {
      if (!member || !this.#isDue(motion, view)) continue;
      try {
        const done = await carryOut(this.#site, this.#study, view, motion);
        if (done !== undefined) report(done.told, { ...done.facts, proposal: motion.digest });
      } catch (error) {
        if (!(error instanceof CodedError)) throw error;
        report('a change must wait', { proposal: motion.digest, code: codeOf(error), message: error.message });
      }
      await readCourse(ledger, this.#study);
    }
  }

  /** Whether a proposal is approved, and what it asks for still has to be done. */
  #stands(motion: ProposalView, { round }: RoundView): boolean {
    const { course } = this.#study;
    const { kind } = motion.proposal.statement;
    // An admission is the admitted organization's own to use.
    const settled = kind === 'admit' || (kind !== 'revoke' && course.end !== undefined) || (kind === 'roster' && latestEpoch(course).from > round);
    return !settled && isCarried(this.#study, motion);
  }

  /** The proposer's worker goes first, the others follow one by one, lest all collide. */
  #isDue(motion: ProposalView, view: RoundView): boolean {
    const { config, elapsed } = this.#site;
    if (!this.#stands(motion, view)) return false;
    const seen = this.#seen.get(motion.digest) ?? elapsed();
    this.#seen.set(motion.digest, seen);
    const rank = [...new Set([motion.proposal.statement.member, ...membersIn(this.#study.document, view.epoch)])].indexOf(config.mspId);
    return elapsed() - seen >= rank * 1000;
  }
}
