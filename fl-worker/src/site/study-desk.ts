/** What an organization decides about studies: register one, approve it, open it. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Committed, ProposalView } from '@epione/client';
import { approvalsIn, readStudy, sign, statementDigest, type Approval, type Digest, type Epoch, type Opening, type Proposal, type Study } from '@epione/protocol';
import { parse as parseYaml } from 'yaml';
import { WorkerError } from '../error.js';
import { anchorFrom } from '../keys/chain-secret.js';
import { currentRecord, readStudyView, setupOf } from '../round/course.js';
import type { Membership } from './membership.js';
import { assertProposalHere } from './proposal-desk.js';

/** Registers a study under its digest. @throws CodedError STUDY_INVALID, NOT_AUTHORISED and others of the ledger. */
export async function registerStudy({ ledger, keys }: Membership, document: Study): Promise<Committed> {
  return ledger.registerStudy(sign('study', readStudy(document), keys.signer));
}

/** The study must be one of this channel, which the chaincode cannot see. @throws WorkerError STUDY_MISMATCH. */
async function studyHere({ ledger, profile }: Membership, study: Digest): Promise<Study> {
  const { document } = await readStudyView(ledger, study);
  if (document.genesis !== profile.genesis || document.channel !== profile.channel) {
    throw new WorkerError('STUDY_MISMATCH', `the study is for channel ${document.channel} with genesis ${document.genesis}, this is ${profile.channel} with ${profile.genesis}`);
  }
  return document;
}

async function proposalHere(membership: Membership, motion: ProposalView): Promise<Proposal> {
  await assertProposalHere(membership, motion);
  return motion.proposal.statement;
}

/** An approval that is about to be given, with the whole text of what it is given to. */
export interface ReadyApproval {
  readonly approval: Approval;
  readonly subject: Study | Proposal;
}

/**
 * Approves a study or a proposal in this organization's name, after checking what the chaincode cannot see.
 * @param before done with the approval before the ledger has it; what it throws stops the approval.
 * @throws WorkerError STUDY_MISMATCH for what the ledger does not hold, or what belongs to another channel's genesis.
 */
export async function approve(membership: Membership, digest: Digest, before?: (ready: ReadyApproval) => Promise<void>): Promise<Committed> {
  const { ledger, keys, config } = membership;
  const motion = await ledger.getProposal(digest);
  const subject = motion === undefined ? await studyHere(membership, digest) : await proposalHere(membership, motion);
  const trains = 'kind' in subject ? subject.kind === 'roster' && subject.participants.includes(config.mspId) : subject.participants.includes(config.mspId);
  const study = 'kind' in subject ? subject.study : digest;
  const document = 'kind' in subject ? (await readStudyView(ledger, study)).document : subject;
  const anchor = trains ? await anchorFrom(config.state, study, document, (length) => new Uint8Array(randomBytes(length))) : {};
  const approval: Approval = { subject: digest, member: config.mspId, record: (await currentRecord(ledger, config.mspId)).digest, decision: 'approve', ...anchor };
  await before?.({ approval, subject });
  return ledger.approve(sign('approval', approval, keys.signer));
}

/** How long decisions of other members may take to reach this organization's peer, ms. */
const settleMs = 10_000;
/** How long the set-ups of a masked study are awaited at most, which the workers of its participants write once their organization has approved it, ms. */
const setUpMs = 600_000;
const pauseMs = 250;

async function openingOf({ ledger, config }: Membership, study: Digest): Promise<Opening> {
  const { approvals } = await ledger.getStudy(study);
  const { document } = await readStudyView(ledger, study);
  const setups = document.aggregation.mode === 'masked' ? await ledger.listSetups(study, 1) : [];
  const anchors = new Map<string, Pick<Epoch['participants'][number], 'anchor'>>();
  for (const { statement: { member, anchor } } of approvals) if (anchor !== undefined) anchors.set(member, { anchor });
  const participants = await Promise.all(document.participants.map(async (mspId) => ({ mspId, record: (await currentRecord(ledger, mspId)).digest, ...setupOf(setups, mspId), ...anchors.get(mspId) })));
  return {
    study,
    member: config.mspId,
    record: (await currentRecord(ledger, config.mspId)).digest,
    approvals: approvalsIn(approvals),
    epoch: { epoch: 1, from: 1, participants, aggregators: document.aggregators, quorum: document.quorums.attest },
  };
}

/**
 * Opens an approved study with its first epoch: the current records of all participants. Tries again for a while when approvals
 * are missing, because the last one may not have reached every peer yet, and longer for set-ups.
 * @throws CodedError NOT_APPROVED, SETUP_MISSING (of a participant whose worker is not running or has no pair keys) and others of the ledger.
 */
export async function openStudy(membership: Membership, study: Digest): Promise<Committed> {
  const { document } = await readStudyView(membership.ledger, study);
  for (let waited = 0; ; waited += pauseMs) {
    try {
      return await membership.ledger.openStudy(sign('opening', await openingOf(membership, study), membership.keys.signer));
    } catch (error) {
      const { code } = error as { code?: string };
      const patience = code === 'SETUP_MISSING' ? Math.min(setUpMs, document.rounds.submitMs) : code === 'NOT_APPROVED' || code === 'BAD_FIELD' ? settleMs : 0;
      if (waited >= patience) throw error;
      await sleep(pauseMs);
    }
  }
}

/** The digest of the study that a configuration names, by digest or by file. @throws WorkerError CONFIG_INVALID, CodedError STUDY_INVALID. */
export async function studyDigestOf(study: string | undefined): Promise<Digest> {
  if (study === undefined) throw new WorkerError('CONFIG_INVALID', 'study: names no study', { remedy: 'Set study to the digest or the file of the study to join.' });
  if (/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/.test(study)) return study as Digest;
  const text = await readFile(study, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('CONFIG_INVALID', `study: neither a digest nor a file that can be read: ${study}`, { cause });
  });
  return statementDigest('study', readStudy(parseYaml(text)));
}
