/** What a statement refers to when it rests on others: approvals, proposals, set-ups and the records of those concerned, each a point read. */
import { Context } from 'fabric-contract-api';
import { participantsOf, type Approval, type ApprovalRefs, type Decisions, type Digest, type Epoch, type Motion, type ParticipantState, type Proposal, type Records, type Setup, type Setups, type Stored } from '@epione/protocol';
import { epochKey, get } from './ledger.js';

async function found<T>(names: readonly string[], read: (name: string) => Promise<T | undefined>): Promise<Map<string, T>> {
  const values = new Map<string, T>();
  for (const name of names) {
    const value = await read(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** The decisions of some members on a study or a proposal. */
export const decisionsOf = (ctx: Context, subject: string, members: readonly string[]): Promise<Decisions> =>
  found(members, (member) => get<Stored<Approval>>(ctx, 'approval', subject, member));

/** The records of organizations, as they stand. */
export const recordsOf = (ctx: Context, mspIds: readonly string[]): Promise<Records> => found(mspIds, (mspId) => get<ParticipantState>(ctx, 'participant', mspId));

/** The proposal that a statement names, with the approvals that it names; undefined when it names none or one that does not exist. */
export async function motionOf(ctx: Context, digest: Digest | undefined, named: ApprovalRefs = []): Promise<Motion | undefined> {
  const stored = digest === undefined ? undefined : await get<Stored<Proposal>>(ctx, 'proposal', digest);
  return digest === undefined || stored === undefined ? undefined : { digest, proposal: stored.statement, decisions: await decisionsOf(ctx, digest, named.map((entry) => entry.member)) };
}

/** The set-ups that an epoch rests on; none in visible mode, where it names none. */
export const setupsOf = (ctx: Context, study: string, entry: Epoch): Promise<Setups> =>
  found(entry.participants.some(({ setup }) => setup !== undefined) ? participantsOf(entry) : [], (mspId) => get<Stored<Setup>>(ctx, 'setup', study, epochKey(entry.epoch), mspId));
