/** What an organization decides about open studies: propose a change, look at one before approving it, write the next epoch. */
import type { Committed, ProposalView } from '@epione/client';
import { approvalsIn, latestEpoch, organizationsOf, sign, statementDigest, type Digest, type Epoch, type Mandate, type Proposal, type ProposalOf, type Revocation, type Study } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { changedRoster, isCarried, openEpoch, type RosterChange } from '../round/changes.js';
import { currentRecord, hasEnded, readStudyView, viewRound, type RoundView, type StudyInForce } from '../round/course.js';
import type { Membership } from './membership.js';

/** The change that a proposal makes; study, proposer and epoch are filled in. */
export type Change =
  | { readonly kind: 'roster'; readonly change: RosterChange }
  | { readonly kind: 'abort'; readonly round: number }
  | { readonly kind: 'end' }
  /** Of the organization's present record. */
  | { readonly kind: 'revoke'; readonly mspId: string; readonly reason: Revocation['reason']; readonly since?: number | undefined }
  | { readonly kind: 'admit'; readonly mspId: string; readonly admits: Digest };

/** An opened study. @throws WorkerError STUDY_MISMATCH, STUDY_NOT_OPEN. */
async function openedStudy({ ledger }: Membership, digest: Digest): Promise<StudyInForce> {
  const { document, course } = await readStudyView(ledger, digest);
  if (course === undefined) throw new WorkerError('STUDY_NOT_OPEN', `study ${digest} is not open yet`, { remedy: 'Before its opening a study is registered anew, not changed.' });
  return { digest, document, course };
}

/** Puts a change to the members. @throws CodedError of the ledger; WorkerError RECORD_NOT_CURRENT when an organization of the new roster has no record. */
export async function propose(membership: Membership, study: Digest, wanted: Change, note?: string): Promise<Committed> {
  const { ledger, keys, config } = membership;
  const { document, course } = await openedStudy(membership, study);
  const last = latestEpoch(course);
  const { digest } = await currentRecord(ledger, config.mspId);
  const common = { study, member: config.mspId, record: digest, epoch: last.epoch, ...(note === undefined ? {} : { note }) };
  const statement = await proposalOf(membership, common, document, last, wanted);
  await assertOfThisChannel(membership, statement);
  return ledger.propose(sign('proposal', statement, keys.signer));
}

async function proposalOf({ ledger }: Membership, common: Omit<ProposalOf<'end'>, 'kind'>, document: Study, last: Epoch, wanted: Change): Promise<Proposal> {
  if (wanted.kind === 'roster') return { ...common, kind: 'roster', ...changedRoster(document, last, wanted.change) };
  if (wanted.kind === 'revoke') return { ...common, ...wanted, revokes: (await currentRecord(ledger, wanted.mspId)).digest };
  return { ...common, ...wanted };
}

/** Everybody of a new roster has a record, and it is for this channel's genesis. @throws WorkerError RECORD_NOT_CURRENT, STUDY_MISMATCH. */
async function assertOfThisChannel({ ledger, profile }: Membership, statement: Proposal): Promise<void> {
  for (const mspId of statement.kind === 'roster' ? organizationsOf(statement) : []) {
    const { record } = await currentRecord(ledger, mspId);
    if (record.genesis !== profile.genesis) throw new WorkerError('STUDY_MISMATCH', `the record of ${mspId} is for the genesis ${record.genesis}, this channel's is ${profile.genesis}`);
  }
}

/** What somebody who approves a proposal must check and the chaincode cannot see. @throws WorkerError STUDY_MISMATCH, RECORD_NOT_CURRENT. */
export async function assertProposalHere(membership: Membership, { digest, proposal }: ProposalView): Promise<void> {
  const { statement } = proposal;
  if (statementDigest('proposal', statement) !== digest) throw new WorkerError('STUDY_MISMATCH', `the ledger's proposal is not the one under ${digest}`);
  await openedStudy(membership, statement.study);
  await assertOfThisChannel(membership, statement);
}

/** A proposal as a list shows it. */
export interface ProposalLine {
  readonly proposal: Digest;
  readonly statement: Proposal;
  readonly approvedBy: readonly string[];
  readonly rejectedBy: readonly string[];
  /** Whether it has the approvals that it needs and the roster has not changed since. */
  readonly carried: boolean;
}

/** All proposals of a study. */
export async function listProposals(membership: Membership, digest: Digest): Promise<ProposalLine[]> {
  const study = await openedStudy(membership, digest);
  return (await membership.ledger.listProposals(digest)).map((view) => {
    const by = (decision: string): string[] => view.approvals.filter((entry) => entry.statement.decision === decision).map((entry) => entry.statement.member);
    return { proposal: view.digest, statement: view.proposal.statement, approvedBy: by('approve'), rejectedBy: by('reject'), carried: isCarried(study, view) };
  });
}

/** The approved admission of a record, among the proposals of a study; undefined when the members have not admitted it. */
export async function admissionOf(membership: Membership, digest: Digest, record: Digest): Promise<Mandate | undefined> {
  const study = await openedStudy(membership, digest);
  const admits = ({ proposal: { statement } }: ProposalView): boolean => statement.kind === 'admit' && statement.admits === record;
  const found = (await membership.ledger.listProposals(digest)).find((view) => admits(view) && isCarried(study, view));
  return found && { proposal: found.digest, approvals: approvalsIn(found.approvals) };
}

/** The running round, found from the first one on. @throws CodedError STUDY_ENDED after the last one. */
async function runningRound({ ledger }: Membership, study: StudyInForce): Promise<RoundView> {
  let view = await viewRound(ledger, study, 1, undefined, Date.now());
  while (hasEnded(view)) view = await viewRound(ledger, study, view.round + 1, view, Date.now());
  return view;
}

/**
 * Writes the next epoch of a study, as workers do by themselves once a proposal is approved.
 * @param proposal of kind `roster`; without one, the present roster gets its members' present records.
 * @throws WorkerError NOT_APPROVED for a proposal of another kind or study, CodedError of the ledger.
 */
export async function openNextEpoch(membership: Membership, digest: Digest, proposal: Digest | undefined): Promise<Committed & { readonly epoch: Epoch }> {
  const study = await openedStudy(membership, digest);
  const motion = proposal === undefined ? undefined : await membership.ledger.getProposal(proposal);
  const fits = motion?.proposal.statement.kind === 'roster' && motion.proposal.statement.study === digest;
  if (proposal !== undefined && !fits) throw new WorkerError('NOT_APPROVED', `the study has no proposal ${proposal} of a roster`);
  const own = await currentRecord(membership.ledger, membership.config.mspId);
  return openEpoch({ ...membership, own }, study, await runningRound(membership, study), motion);
}
