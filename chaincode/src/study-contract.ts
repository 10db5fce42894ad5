/** Studies: registered by a member, approved by a quorum, opened with a first epoch (PROTOCOL section 3). */
import { Context, Info, Param, Returns, Transaction } from 'fabric-contract-api';
import {
  approval, assertAnchor, assertOpening, mayDecide, membersOf, opening, pageQuestion, participantsOf, readSigned, readStudy, statementDigest, study, studyQuestion,
  type Approval, type Course, type Digest, type Proposal, type Stored, type Study,
} from '@epione/protocol';
import { assertAuthor, assertSigner, callerMsp, store } from './caller.js';
import { announce, get, list, page, put, refuseUnless, txTime } from './ledger.js';
import { decisionsOf, recordsOf, setupsOf } from './motions.js';
import { answer, question, StrictContract } from './strict-contract.js';

/** The study behind a digest. @throws CodedError STUDY_UNKNOWN. */
export async function studyOf(ctx: Context, digest: string): Promise<Study> {
  const found = await get<Stored<Study>>(ctx, 'study', digest);
  refuseUnless(found !== undefined, 'STUDY_UNKNOWN', `there is no study ${digest}`);
  return found.statement;
}

/** The course of an opened study. @throws CodedError STUDY_NOT_OPEN. */
export async function courseOf(ctx: Context, digest: string): Promise<Course> {
  const found = await get<Course>(ctx, 'course', digest);
  refuseUnless(found !== undefined, 'STUDY_NOT_OPEN', `study ${digest} is not open`);
  return found;
}

@Info({ title: 'Study', description: 'What all members agree on before a round is run' })
export class StudyContract extends StrictContract {
  constructor() {
    super('Study');
  }

  /** Registers a study document; its digest is its identity, and it is never edited. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed study')
  @Returns('string')
  async registerStudy(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('study', study, Buffer.from(argument));
    const document = readStudy(signed.statement);
    refuseUnless(membersOf(document).includes(callerMsp(ctx)), 'NOT_AUTHORISED', `${callerMsp(ctx)} is no member of the study`);
    refuseUnless(document.channel === ctx.stub.getChannelID(), 'STUDY_INVALID', `study.channel: this is channel ${ctx.stub.getChannelID()}`);
    await assertSigner(ctx, 'study', signed);
    refuseUnless((await get(ctx, 'study', signed.digest)) === undefined, 'STUDY_EXISTS', `study ${signed.digest} is registered`);
    await put(ctx, store(ctx, signed), 'study', signed.digest);
    announce(ctx, { event: 'studyRegistered', study: signed.digest });
    return answer({ study: signed.digest });
  }

  /** A member's decision on a study or a proposal; one each, never changed. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed approval')
  @Returns('string')
  async approve(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('approval', approval, Buffer.from(argument));
    const { subject, member, decision } = signed.statement;
    await assertAuthor(ctx, 'approval', signed, member);
    const study = await this.#assertVoter(ctx, signed.statement);
    refuseUnless((await get(ctx, 'approval', subject, member)) === undefined, 'ALREADY_APPROVED', `${member} has decided on ${subject}`);
    await put(ctx, store(ctx, signed), 'approval', subject, member);
    if (study === subject) announce(ctx, { event: 'studyDecided', study, member, decision });
    else announce(ctx, { event: 'proposalDecided', study, proposal: subject, member, decision });
    return answer({ approval: signed.digest });
  }

  /** Whoever decides is a member of the study or, for a proposal, one whom it concerns. @returns the study's digest. */
  async #assertVoter(ctx: Context, statement: Approval): Promise<Digest> {
    const { subject, member } = statement;
    const found = await get<Stored<Proposal>>(ctx, 'proposal', subject);
    const study = found?.statement.study ?? subject;
    const document = await studyOf(ctx, study);
    const course = found && (await courseOf(ctx, study));
    const may = found === undefined || course === undefined ? membersOf(document).includes(member) : mayDecide(document, course, found.statement, member);
    refuseUnless(may, 'NOT_AUTHORISED', `${member} has no say in ${subject}`);
    assertAnchor(document, course, found?.statement, statement);
    return study;
  }

  /** Opens an approved study with its first epoch; round 1 is open from then on. */
  @Transaction()
  @Param('argument', 'string', 'canonical JSON of the signed opening')
  @Returns('string')
  async openStudy(ctx: Context, argument: string): Promise<string> {
    const signed = readSigned('opening', opening, Buffer.from(argument));
    const statement = signed.statement;
    await assertAuthor(ctx, 'opening', signed, statement.member);
    const document = await studyOf(ctx, statement.study);
    refuseUnless(membersOf(document).includes(statement.member), 'NOT_AUTHORISED', `${statement.member} is no member of the study`);
    refuseUnless((await get(ctx, 'course', statement.study)) === undefined, 'EPOCH_NOT_NEW', `study ${statement.study} is open`);
    assertOpening(document, statement, await decisionsOf(ctx, statement.study, statement.approvals.map((entry) => entry.member)), await recordsOf(ctx, participantsOf(statement.epoch)), await setupsOf(ctx, statement.study, statement.epoch));
    const course: Course = { openedAt: txTime(ctx), epochs: [statement.epoch] };
    await put(ctx, course, 'course', statement.study);
    announce(ctx, { event: 'studyOpened', study: statement.study });
    return answer({ course: { ...course } });
  }

  /** A study with its decisions and its course. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {study}')
  @Returns('string')
  async getStudy(ctx: Context, argument: string): Promise<string> {
    const asked = question(studyQuestion, argument);
    const found = await get<Stored<Study>>(ctx, 'study', asked.study);
    refuseUnless(found !== undefined, 'STUDY_UNKNOWN', `there is no study ${asked.study}`);
    const approvals = await list<Stored<Approval>>(ctx, 'approval', asked.study);
    return answer({ study: found, approvals, course: await get<Course>(ctx, 'course', asked.study) });
  }

  /** A page of the channel's studies: digest, name and title, by digest. */
  @Transaction(false)
  @Param('argument', 'string', 'canonical JSON {bookmark?, pageSize}')
  @Returns('string')
  async listStudies(ctx: Context, argument: string): Promise<string> {
    const { pageSize, bookmark = '' } = question(pageQuestion, argument);
    const found = await page<Stored<Study>>(ctx, pageSize, bookmark, 'study');
    const studies = found.entries.map(({ statement, time, by }) => ({ study: statementDigest('study', statement), name: statement.name, title: statement.title, by, time }));
    return answer({ studies, ...(found.bookmark === '' ? {} : { bookmark: found.bookmark }) });
  }
}
