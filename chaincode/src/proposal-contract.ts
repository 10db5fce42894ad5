/** Proposals and what they change: the next epoch of a study, and its end (PROTOCOL sections 3 and 4). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  assertEnding, assertNextEpoch, assertProposal, deriveRound, ending, nextEpoch, organizationsOf, participantsOf, proposal, proposalQuestion, proposalsQuestion, readSigned, withEpoch,
  type Approval, type Course, type Digest, type Ending, type NextEpoch, type Proposal, type RoundContext, type RoundState, type Stored,
} from '@epione/protocol';
import { assertAuthor, store } from './caller.js';
import { announce, get, list, page, put, refuseUnless, txTime } from './ledger.js';
import { decisionsOf, motionOf, recordsOf, setupsOf } from './motions.js';
import { contextOf } from './round-contract.js';
import { courseOf, studyOf } from './study-contract.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** The round before one, with all that its state depends on: an end or an abort of it conflicts with whoever reads this. */
async function roundBefore(ctx: Context, { study, after }: NextEpoch | Ending, from: number): Promise<{ context: RoundContext; running: RoundState }> {
  const context = await contextOf(ctx, { study, round: from - 1 }, { slots: 'all', attestations: 'all' }, after);
  return { context, running: deriveRound(context.study, context.epoch, context.opened, context.records, context.now) };
}

/** A proposal with the decisions on it, as queries give it; undefined when there is none. */
async function withDecisions(ctx: Context, digest: Digest): Promise<object | undefined> {
  const proposal = await get<Stored<Proposal>>(ctx, 'proposal', digest);
  return proposal && { digest, proposal, approvals: await list<Stored<Approval>>(ctx, 'approval', digest) };
}

@Info({ title: 'Proposal', description: 'How an opened study changes: by proposals that its members approve' })
export class ProposalContract extends StrictContract {
  constructor() {
    super('Proposal');
  }

  /** Puts a change of an opened study to its members; they decide with `Study:approve`. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed proposal')
  @Returns('string')
  async propose(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('proposal', proposal, Buffer.from(argument));
    const { statement } = signed;
    const { study, member, kind } = statement;
    await assertAuthor(ctx, 'proposal', signed, member);
    const onStudy = await decisionsOf(ctx, study, 'mspId' in statement ? [statement.mspId] : []);
    assertProposal(await studyOf(ctx, study), await courseOf(ctx, study), statement, onStudy);
    refuseUnless((await get(ctx, 'proposal', signed.digest)) === undefined, 'STUDY_EXISTS', `proposal ${signed.digest} is on the ledger`);
    await put(ctx, store(ctx, signed), 'proposal', signed.digest);
    await put(ctx, { proposal: signed.digest }, 'agenda', study, signed.digest);
    announce(ctx, { event: 'proposed', study, proposal: signed.digest, member, kind });
    return answer({ proposal: signed.digest });
  }

  /** Gives a study its next epoch, from the round after the running one. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed epoch')
  @Returns('string')
  async openEpoch(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('epoch', nextEpoch, Buffer.from(argument));
    const { statement } = signed;
    const { study, member, epoch } = statement;
    await assertAuthor(ctx, 'epoch', signed, member);
    const { context, running } = await roundBefore(ctx, statement, epoch.from);
    const motion = await motionOf(ctx, statement.proposal, statement.approvals);
    const records = await recordsOf(ctx, organizationsOf({ participants: participantsOf(epoch), aggregators: epoch.aggregators }));
    assertNextEpoch(context.study, context.course, running, statement, motion, records, await setupsOf(ctx, study, epoch));
    await put(ctx, withEpoch(context.course, statement), 'course', study);
    announce(ctx, { event: 'epochOpened', study, epoch: epoch.epoch, from: epoch.from });
    return answer({ epoch: signed.digest });
  }

  /** Ends a study after the running round, by an approved proposal. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed ending')
  @Returns('string')
  async endStudy(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('ending', ending, Buffer.from(argument));
    const { statement } = signed;
    const { study, member, from } = statement;
    await assertAuthor(ctx, 'ending', signed, member);
    const { context, running } = await roundBefore(ctx, statement, from);
    assertEnding(context.study, context.course, running, statement, await motionOf(ctx, statement.proposal, statement.approvals));
    const course: Course = { ...context.course, end: { from, time: txTime(ctx) } };
    await put(ctx, course, 'course', study);
    announce(ctx, { event: 'studyEnded', study, from });
    return answer({ ending: signed.digest });
  }

  /** A proposal by its digest, with the decisions on it. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {proposal}')
  @Returns('string')
  async getProposal(ctx: Context, argument: string): Promise<string> {
    const asked = question(proposalQuestion, argument);
    return answer({ found: await withDecisions(ctx, asked.proposal) });
  }

  /** A page of a study's proposals with the decisions on them, by digest. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {bookmark?, pageSize, study}')
  @Returns('string')
  async listProposals(ctx: Context, argument: string): Promise<string> {
    const { study, pageSize, bookmark = '' } = question(proposalsQuestion, argument);
    const found = await page<{ proposal: Digest }>(ctx, pageSize, bookmark, 'agenda', study);
    const proposals = [];
    for (const entry of found.entries) proposals.push(await withDecisions(ctx, entry.proposal));
    return answer({ proposals, ...(found.bookmark === '' ? {} : { bookmark: found.bookmark }) });
  }
}
