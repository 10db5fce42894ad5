/** The course of a study: its epochs, of which each is a roster from a round on, and its end (PROTOCOL section 4). */
import { z } from 'zod';
import { approvalRefs, digest, epochNumber, hexHash, members, mspId, roundNumber, sortedBy } from '../encoding/fields.js';
import type { Study } from '../statements/study.js';
import { openingEvidence } from '../statements/submission.js';

/** One epoch of a course: the roster from round `from` on. */
export const epoch = z.strictObject({
  epoch: epochNumber,
  from: roundNumber,
  /** With the digest of each one's set-up in masked mode, with the end of its chain where the study has a committee. */
  participants: sortedBy(z.strictObject({ mspId, record: digest, setup: digest.optional(), anchor: hexHash.optional() }), (entry) => entry.mspId, 64).min(1),
  aggregators: members.min(1),
  quorum: z.int().min(1).max(64),
});
export type Epoch = z.infer<typeof epoch>;

/** Statement `opening`: names the approvals and the first epoch. */
export const opening = z.strictObject({ study: digest, member: mspId, record: digest, approvals: approvalRefs.min(1), epoch });
export type Opening = z.infer<typeof opening>;

/** Statement `epoch`: the next entry of the course, why the running round is open, and the approved proposal if the roster changes. */
export const nextEpoch = z.strictObject({
  study: digest,
  member: mspId,
  record: digest,
  epoch,
  /** Absent when the same roster gets new records. */
  proposal: digest.optional(),
  approvals: approvalRefs,
  /** Opening evidence of round `epoch.from` - 1, the running one. */
  after: openingEvidence,
});
export type NextEpoch = z.infer<typeof nextEpoch>;

/** Statement `ending`: by an approved proposal, no round from `from` on opens. */
export const ending = z.strictObject({
  study: digest,
  member: mspId,
  record: digest,
  from: roundNumber,
  proposal: digest,
  approvals: approvalRefs,
  /** Opening evidence of round `from` - 1, the running one. */
  after: openingEvidence,
});
export type Ending = z.infer<typeof ending>;

/** The value of `course~S`: when the study was opened, its epochs, its end. */
export interface Course {
  readonly openedAt: number;
  readonly epochs: readonly Epoch[];
  /** The first round that does not take place, and when that was written, ms since 1970 UTC. */
  readonly end?: { readonly from: number; readonly time: number };
}

/** The epoch of a round: the one with the greatest `from` not above it. */
export const epochOf = (course: Course, round: number): Epoch | undefined => course.epochs.filter((entry) => entry.from <= round).at(-1);

/** The number of the last round that may take place. */
export const lastRound = (study: Pick<Study, 'rounds'>, course: Course): number => Math.min(study.rounds.count, (course.end?.from ?? Infinity) - 1);

/** MSP IDs that take part in an epoch by training, sorted. */
export const participantsOf = ({ participants }: Epoch): string[] => participants.map((entry) => entry.mspId);

/** The members in force in an epoch, sorted: its participants and aggregators, and the study's observers. In the first epoch these are all members of the study. */
export const membersIn = (study: Pick<Study, 'observers'>, entry: Epoch): string[] => [...new Set([...participantsOf(entry), ...entry.aggregators, ...study.observers])].sort();
