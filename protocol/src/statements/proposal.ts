/** Proposals: how a study is changed after its opening, since its document never is (PROTOCOL section 3). */
import { z } from 'zod';
import type { Decisions } from './approval.js';
import type { Digest } from '../encoding/digest.js';
import { digest, epochNumber, members, mspId, roundNumber, text, time } from '../encoding/fields.js';
import { revocationReason } from './participant.js';

const common = {
  study: digest,
  member: mspId,
  record: digest,
  /** The last epoch of the course when it is proposed: its members decide. A proposal ends with the next change of the roster. */
  epoch: epochNumber,
  /** Why, for those who decide. */
  note: text.optional(),
};

/** Statement `proposal`. */
export const proposal = z.discriminatedUnion('kind', [
  /** The whole roster of a new epoch, and its attestation quorum q. */
  z.strictObject({ ...common, kind: z.literal('roster'), participants: members.min(1), aggregators: members.min(1), quorum: z.int().min(1).max(64) }),
  /** Aborts a round that is open or sealed, whatever its deadline. */
  z.strictObject({ ...common, kind: z.literal('abort'), round: roundNumber }),
  /** Ends the study after the running round. */
  z.strictObject({ ...common, kind: z.literal('end') }),
  /** Revokes the record of a member, because its keys are stolen or lost, or because the others want it out. */
  z.strictObject({ ...common, kind: z.literal('revoke'), mspId, revokes: digest, reason: revocationReason, since: time.optional() }),
  /** Lets a member come back with this record, whose digest it has told the others on a way that no thief of keys controls. */
  z.strictObject({ ...common, kind: z.literal('admit'), mspId, admits: digest }),
]);
export type Proposal = z.infer<typeof proposal>;
export type ProposalKind = Proposal['kind'];
/** A proposal of one kind. */
export type ProposalOf<K extends ProposalKind> = Extract<Proposal, { kind: K }>;

/** A proposal with the decisions that the ledger holds about it. */
export interface Motion {
  readonly digest: Digest;
  readonly proposal: Proposal;
  readonly decisions: Decisions;
}
