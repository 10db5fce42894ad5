/** The ledger as typed calls: one method a transaction, one a query, and what happens on it. */
import {
  CodedError, decodeCanonical, encodeCanonical, fromBase64Url, statementDigest,
  type Access, type AccessQuestion, type Approval, type Attestation, type Change, type Closing, type Code, type Consent, type ConsentDecision, type ConsentQuestion,
  type Course, type Detail, type Digest, type Ending, type Erasure, type Json, type NextEpoch, type Opening, type ParticipantRecord, type ParticipantState, type Proposal, type Retraction, type Revocation, type RoundRecords, type Signed, type Slot,
  type StatementName, type Stored, type Study, type Submission, type Withdrawal,
} from '@epione/protocol';
import type { Evidence } from '../evidence/evidence.js';
import { collectEvidence } from '../evidence/export.js';
import { blockOf, blocks, height, type RawBlock } from './blocks.js';
import { events, type EventOptions, type LedgerEvent } from './events.js';
import { OfflineTransactions } from './offline.js';
import { evaluate, submit, type Receipt, type Submitter, type Transient } from './submit.js';

/** A statement's place on the ledger. */
export interface Committed {
  /** Digest of the statement. */
  readonly digest: string;
  readonly txId: string;
  /** Absent when the statement was there already, from an earlier try whose answer was lost. */
  readonly block?: number;
}

/** A participant as the ledger holds it; empty when it never registered. */
export interface ParticipantView {
  readonly state?: ParticipantState;
  readonly record?: Stored<ParticipantRecord>;
}

/** A study, its decisions and, once opened, its course. */
export interface StudyView {
  readonly study: Stored<Study>;
  readonly approvals: readonly Stored<Approval>[];
  readonly course?: Course;
}

/** A proposal and the decisions on it. */
export interface ProposalView {
  readonly digest: Digest;
  readonly proposal: Stored<Proposal>;
  readonly approvals: readonly Stored<Approval>[];
}

/** One line of the list of studies. */
export interface StudyLine {
  readonly study: string;
  readonly name: string;
  readonly title: string;
  readonly by: string;
  readonly time: number;
}

/** One page of the access log, oldest first. */
export interface AccessPage {
  readonly entries: readonly Stored<Access>[];
  /** To be asked with next; absent at the end. */
  readonly bookmark?: string;
}

/** Studies a page. */
const pageSize = 100;

/** A statement on its way; `previousSignature` only for a record that succeeds another. */
type SignedStatement = Signed<Json> & { readonly previousSignature?: string };

/** The code that says a statement stands on the ledger already, and how to find it. */
interface Already {
  readonly code: Code;
  readonly find: () => Promise<Stored<Json> | undefined>;
}

/** A connection to the channel. Methods that submit return once the statement is committed; all throw `CodedError`. */
export class Ledger implements Disposable {
  readonly #submitter: Submitter;

  constructor(submitter: Submitter) {
    this.#submitter = submitter;
  }

  /** MSP ID of the caller. */
  get mspId(): string {
    return this.#submitter.identity.mspId;
  }

  /** Name of the channel. */
  get channel(): string {
    return this.#submitter.channel;
  }

  /** Sends a signed statement; `ALREADY_…` with the same digest on the ledger is success, because an answer may have been lost. */
  async #send(transaction: string, name: StatementName, signed: SignedStatement, already?: Already, transient?: Transient): Promise<Committed> {
    const digest = statementDigest(name, signed.statement);
    try {
      const { txId, block } = await submit(this.#submitter, transaction, encodeCanonical({ ...signed }), transient);
      return { digest, txId, block };
    } catch (error) {
      if (already === undefined || !(error instanceof CodedError) || error.code !== already.code) throw error;
      const found = await already.find();
      if (found === undefined || statementDigest(name, found.statement) !== digest) throw error;
      return { digest, txId: found.txId };
    }
  }

  /** Transactions that are signed elsewhere, step by step. */
  get offline(): OfflineTransactions {
    return new OfflineTransactions(this.#submitter);
  }

  /** Submits any transaction of the chaincode that takes one argument: `Contract:transaction`. */
  async transact(transaction: string, argument: Uint8Array): Promise<Receipt> {
    return submit(this.#submitter, transaction, argument);
  }

  async #ask<T>(query: string, parameters: Json): Promise<T> {
    return decodeCanonical(await evaluate(this.#submitter, this.#submitter.chaincode, query, encodeCanonical(parameters)), Infinity) as T;
  }

  /** Registers a record. @param previousSignature the previous key's signature (base64url) over the same record, from version 2 on. */
  async registerParticipant(record: Signed<ParticipantRecord>, previousSignature?: string): Promise<Committed> {
    const find = async (): Promise<Stored<Json> | undefined> => (await this.getParticipant(record.statement.mspId)).record;
    const both = previousSignature === undefined ? record : { previousSignature, ...record };
    return this.#send('Participant:registerParticipant', 'participant', both, { code: 'RECORD_NOT_CURRENT', find });
  }

  async revokeParticipant(revocation: Signed<Revocation>): Promise<Committed> {
    return this.#send('Participant:revokeParticipant', 'revocation', revocation);
  }

  async getParticipant(mspId: string): Promise<ParticipantView> {
    return this.#ask('Participant:getParticipant', { mspId });
  }

  /** How an organization's standing has changed: registrations, rotations, revocation. */
  async getParticipantHistory(mspId: string): Promise<readonly Change<ParticipantState>[]> {
    return (await this.#ask<{ changes: Change<ParticipantState>[] }>('Participant:getParticipantHistory', { mspId })).changes;
  }

  /** A record by its digest, current or not; undefined when the ledger has none. */
  async getRecord(record: string): Promise<Stored<ParticipantRecord> | undefined> {
    return (await this.#ask<{ record?: Stored<ParticipantRecord> }>('Participant:getRecord', { record })).record;
  }

  async registerStudy(study: Signed<Study>): Promise<Committed> {
    const find = async (): Promise<Stored<Json>> => (await this.getStudy(statementDigest('study', study.statement))).study;
    return this.#send('Study:registerStudy', 'study', study, { code: 'STUDY_EXISTS', find });
  }

  async approve(approval: Signed<Approval>): Promise<Committed> {
    const { subject, member } = approval.statement;
    const find = async (): Promise<Stored<Json> | undefined> => ((await this.getProposal(subject)) ?? (await this.getStudy(subject))).approvals.find((entry) => entry.statement.member === member);
    return this.#send('Study:approve', 'approval', approval, { code: 'ALREADY_APPROVED', find });
  }

  async openStudy(opening: Signed<Opening>): Promise<Committed> {
    return this.#send('Study:openStudy', 'opening', opening);
  }

  /** @throws CodedError STUDY_UNKNOWN. */
  async getStudy(study: string): Promise<StudyView> {
    return this.#ask('Study:getStudy', { study });
  }

  /** All studies of the channel, by digest; asked page by page. */
  async listStudies(): Promise<readonly StudyLine[]> {
    const all: StudyLine[] = [];
    for (let bookmark: string | undefined = ''; bookmark !== undefined; ) {
      const page: { studies: StudyLine[]; bookmark?: string } = await this.#ask('Study:listStudies', { pageSize, ...(bookmark === '' ? {} : { bookmark }) });
      all.push(...page.studies);
      bookmark = page.bookmark;
    }
    return all;
  }

  async propose(proposal: Signed<Proposal>): Promise<Committed> {
    const digest = statementDigest('proposal', proposal.statement);
    const find = async (): Promise<Stored<Json> | undefined> => (await this.getProposal(digest))?.proposal;
    return this.#send('Proposal:propose', 'proposal', proposal, { code: 'STUDY_EXISTS', find });
  }

  /** Gives a study its next epoch, from the round after the running one. */
  async openEpoch(epoch: Signed<NextEpoch>): Promise<Committed> {
    return this.#send('Proposal:openEpoch', 'epoch', epoch);
  }

  /** Ends a study after the running round. */
  async endStudy(ending: Signed<Ending>): Promise<Committed> {
    return this.#send('Proposal:endStudy', 'ending', ending);
  }

  /** A proposal with the decisions on it; undefined when the ledger has none under this digest. */
  async getProposal(proposal: string): Promise<ProposalView | undefined> {
    return (await this.#ask<{ found?: ProposalView }>('Proposal:getProposal', { proposal })).found;
  }

  /** All proposals of a study with the decisions on them, open and past, by digest. */
  async listProposals(study: string): Promise<readonly ProposalView[]> {
    return (await this.#ask<{ proposals: ProposalView[] }>('Proposal:listProposals', { study })).proposals;
  }

  async submit(submission: Signed<Submission>): Promise<Committed> {
    const { study, round, participant } = submission.statement;
    const find = async (): Promise<Stored<Json> | undefined> =>
      (await this.getRound(study, round)).slots.find((slot) => slot.kind === 'submission' && slot.statement.participant === participant);
    return this.#send('Round:submit', 'submission', submission, { code: 'ALREADY_SUBMITTED', find });
  }

  async retract(retraction: Signed<Retraction>): Promise<Committed> {
    return this.#send('Round:retract', 'retraction', retraction);
  }

  async closeRound(closing: Signed<Closing>): Promise<Committed> {
    return this.#send('Round:closeRound', 'closing', closing);
  }

  async abortRound(closing: Signed<Closing>): Promise<Committed> {
    return this.#send('Round:abortRound', 'closing', closing);
  }

  async attest(attestation: Signed<Attestation>): Promise<Committed> {
    const { study, round, aggregator } = attestation.statement;
    const find = async (): Promise<Stored<Json> | undefined> => (await this.getRound(study, round)).attestations.find((entry) => entry.statement.aggregator === aggregator);
    return this.#send('Round:attest', 'attestation', attestation, { code: 'ALREADY_ATTESTED', find });
  }

  /** All that the ledger holds of a round; `deriveRound` of the protocol tells its state. @throws CodedError STUDY_NOT_OPEN, ROUND_NOT_OPEN. */
  async getRound(study: string, round: number): Promise<RoundRecords> {
    return this.#ask('Round:getRound', { study, round });
  }

  /** What a participant's slot of a round has held: a submission and, where it was taken back, the retraction. */
  async getSlotHistory(study: string, round: number, participant: string): Promise<readonly Change<Slot>[]> {
    return (await this.#ask<{ changes: Change<Slot>[] }>('Round:getSlotHistory', { study, round, participant })).changes;
  }

  async grantConsent(consent: Signed<Consent>): Promise<Committed> {
    return this.#send('Consent:grantConsent', 'consent', consent);
  }

  async withdrawConsent(withdrawal: Signed<Withdrawal>): Promise<Committed> {
    return this.#send('Consent:withdrawConsent', 'withdrawal', withdrawal);
  }

  /** One decision a pseudonym, in the order of the question. */
  async evaluateConsent(question: ConsentQuestion): Promise<readonly ConsentDecision[]> {
    return (await this.#ask<{ decisions: ConsentDecision[] }>('Consent:evaluateConsent', question)).decisions;
  }

  /** Keeps a detail at the own organization's peers; the ledger gets the digest that the statement names. @param sealed at most 64 KiB. */
  async keepDetail(detail: Signed<Detail>, sealed: Uint8Array): Promise<Committed> {
    return this.#send('Detail:keepDetail', 'detail', detail, undefined, { sealed });
  }

  /** Purges a detail from the own organization's peers; the key that opens it is the caller's to destroy. */
  async eraseDetail(erasure: Signed<Erasure>): Promise<Committed> {
    return this.#send('Detail:eraseDetail', 'erasure', erasure);
  }

  /** The sealed bytes of an own detail; undefined when there is none. */
  async getDetail(id: string): Promise<Uint8Array | undefined> {
    const { sealed } = await this.#ask<{ sealed?: string }>('Detail:getDetail', { mspId: this.mspId, id });
    return sealed === undefined ? undefined : fromBase64Url(sealed);
  }

  /** The digest that the ledger has of an organization's detail: what it discloses is checked by this. */
  async checkDetail(mspId: string, id: string): Promise<Digest | undefined> {
    return (await this.#ask<{ digest?: Digest }>('Detail:checkDetail', { mspId, id })).digest;
  }

  async appendAccess(access: Signed<Access>): Promise<Committed> {
    return this.#send('Access:appendAccess', 'access', access);
  }

  async queryAccess(question: AccessQuestion): Promise<AccessPage> {
    return this.#ask('Access:queryAccess', question);
  }

  /** What happens on the channel, from a position on or from now; goes on by itself when a gateway is lost. */
  events(options: EventOptions = {}): AsyncGenerator<LedgerEvent, void, undefined> {
    return events(this.#submitter, options);
  }

  /** Number of blocks of the channel. */
  async height(): Promise<number> {
    return height(this.#submitter);
  }

  /** The number of the block that holds a transaction. @throws CodedError UNAVAILABLE when no peer has it yet. */
  async blockOf(txId: string): Promise<number> {
    return blockOf(this.#submitter, txId);
  }

  /** Raw blocks from a number on, up to the height at the start. */
  blocks(from = 0): AsyncGenerator<RawBlock, void, undefined> {
    return blocks(this.#submitter, from);
  }

  /** Evidence of the channel up to its present height, for an offline verification. */
  async evidence(): Promise<Evidence> {
    return collectEvidence(this.#submitter);
  }

  [Symbol.dispose](): void {
    this.#submitter.gateways[Symbol.dispose]();
  }
}
