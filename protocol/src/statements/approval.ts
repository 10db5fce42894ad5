/** Approvals: a member's signed decision on a study or a proposal, and how later statements name it (PROTOCOL sections 3 and 5). */
import { z } from 'zod';
import { CodedError } from '../error.js';
import { digest, hexHash, mspId, type ApprovalRefs } from '../encoding/fields.js';
import type { Stored } from './signed.js';
import { statementDigest } from './statement.js';

/** Statement `approval` of a study or a proposal by a member; `subject` is its digest. */
export const approval = z.strictObject({
  subject: digest,
  member: mspId,
  record: digest,
  decision: z.enum(['approve', 'reject']),
  /** The end of a participant's chain, in a study with a committee: see `chainLink`. */
  anchor: hexHash.optional(),
});
export type Approval = z.infer<typeof approval>;

/** The decisions that the ledger holds about one subject, by member. */
export type Decisions = ReadonlyMap<string, Stored<Approval>>;

/** The members in favour that a statement names, each held against the ledger. @throws CodedError NOT_APPROVED. */
export function approvers(named: ApprovalRefs, held: Decisions): ReadonlySet<string> {
  for (const entry of named) {
    const found = held.get(entry.member)?.statement;
    const holds = found?.decision === 'approve' && statementDigest('approval', found) === entry.approval;
    if (!holds) throw new CodedError('NOT_APPROVED', `${entry.member} has not approved with ${entry.approval}`);
  }
  return new Set(named.map((entry) => entry.member));
}

/** The references of all decisions in favour, sorted, as a statement names them. */
export const approvalsIn = (held: readonly Stored<Approval>[]): ApprovalRefs =>
  held
    .filter((entry) => entry.statement.decision === 'approve')
    .map((entry) => ({ member: entry.statement.member, approval: statementDigest('approval', entry.statement) }))
    .sort((a, b) => (a.member < b.member ? -1 : 1));
