/** What `fl-audit study`, `rounds` and `log` show, as values. */
import { peer } from '@hyperledger/fabric-protos';
import { aggregatorsIn, CodedError, committeeSize, latestEpoch, membersIn, membersOf, type RoundState } from '@epione/protocol';
import { deriveRounds, type RoundFound } from '../verify/rounds.js';
import type { Registry, StudyBook } from '../verify/replay/registry.js';
import { Report } from '../verify/report.js';
import type { History } from './history.js';

/** One study. */
export interface StudyShown {
  readonly study: string;
  readonly name: string;
  readonly title: string;
  /** In the last epoch, once there is one. */
  readonly members: readonly string[];
  readonly approvedBy: readonly string[];
  readonly rejectedBy: readonly string[];
  readonly openedAt?: number;
  readonly rounds: { readonly final: number; readonly begun: number; readonly planned: number };
  readonly purpose: StudyBook['study']['purpose'];
  readonly suites: StudyBook['study']['suites'];
}

/** One round. */
export interface RoundShown {
  readonly study: string;
  readonly round: number;
  readonly state: RoundState['state'];
  readonly base: string;
  readonly model?: string;
  /** Why it was aborted or failed. */
  readonly reason?: string;
  /** Who was drawn to recompute it, where the study has a committee. */
  readonly committee?: readonly string[];
  readonly submissions: readonly { readonly participant: string; readonly submission: string; readonly blob: string; readonly time: number; readonly retracted: boolean; readonly suites: readonly string[] }[];
  readonly attesters: readonly string[];
  readonly dissent: readonly string[];
  readonly endedAt?: number;
}

/** One record of an organization, and what became of it. */
export interface MemberShown {
  readonly mspId: string;
  readonly version: number;
  readonly record: string;
  readonly status: 'current' | 'superseded' | 'revoked';
  readonly registeredAt: number;
  /** Who let the organization back in with it. */
  readonly admittedBy?: readonly string[];
  readonly revoked?: {
    readonly reason: string;
    readonly time: number;
    /** Who carried it out: the organization itself, or a member with a mandate. */
    readonly by: string;
    /** Who approved it, where it was not the organization's own wish. */
    readonly approvedBy?: readonly string[];
    /** What was stated under it from then on is suspect. */
    readonly since?: number;
  };
}

/** One transaction of the chaincode. */
export interface LogLine {
  readonly block: number;
  readonly time: number;
  readonly by: string;
  readonly transaction: string;
  readonly txId: string;
  /** `VALID`, or Fabric's reason for refusing it. */
  readonly validity: string;
}

/** @throws CodedError STUDY_UNKNOWN when one is named that the ledger does not hold. */
function booksOf(ledger: Registry, study: string | undefined): StudyBook[] {
  const books = [...ledger.studies.values()].filter((book) => study === undefined || book.digest === study);
  if (study !== undefined && books.length === 0) throw new CodedError('STUDY_UNKNOWN', `the ledger holds no study ${study}`);
  return books;
}

const latest = ({ chain }: History): number => Math.max(0, ...chain.valid.map((transaction) => transaction.time));
const roundsOf = (history: History, book: StudyBook): RoundFound[] => deriveRounds(book, latest(history), new Report(''));

export function showStudies(history: History, study?: string): StudyShown[] {
  return booksOf(history.ledger, study).map((book) => {
    const rounds = roundsOf(history, book);
    const decided = (decision: string): string[] => [...book.approvals].filter(([, entry]) => entry.statement.decision === decision).map(([mspId]) => mspId).sort();
    return {
      study: book.digest,
      name: book.study.name,
      title: book.study.title,
      members: book.course === undefined ? membersOf(book.study) : membersIn(book.study, latestEpoch(book.course)),
      approvedBy: decided('approve'),
      rejectedBy: decided('reject'),
      ...(book.course === undefined ? {} : { openedAt: book.course.openedAt }),
      rounds: { final: rounds.filter(({ state }) => state.state === 'final').length, begun: rounds.length, planned: book.study.rounds.count },
      purpose: book.study.purpose,
      suites: book.study.suites,
    };
  });
}

/** Every record of every organization, by MSP ID and version. */
export function showMembers({ ledger }: History): MemberShown[] {
  const approvedBy = (proposal: string): string[] => [...(ledger.motions.get(proposal)?.decisions ?? [])].filter(([, entry]) => entry.statement.decision === 'approve').map(([mspId]) => mspId).sort();
  const all = [...ledger.recordBooks.values()].map(({ record, statement: { mspId, version }, registeredAt, admission, revoked }): MemberShown => {
    const { reason, since, mandate } = revoked?.statement ?? {};
    return {
      mspId, version, record, registeredAt,
      status: revoked !== undefined ? 'revoked' : ledger.participants.get(mspId)?.record === record ? 'current' : 'superseded',
      ...(admission === undefined ? {} : { admittedBy: approvedBy(admission) }),
      ...(revoked === undefined || reason === undefined ? {} : {
        revoked: { reason, time: revoked.time, by: revoked.by, ...(mandate === undefined ? {} : { approvedBy: approvedBy(mandate.proposal) }), ...(since === undefined ? {} : { since }) },
      }),
    };
  });
  return all.sort((a, b) => (a.mspId === b.mspId ? a.version - b.version : a.mspId < b.mspId ? -1 : 1));
}

function showRound(book: StudyBook, { number, round, epoch, opened, state }: RoundFound): RoundShown {
  const statements = [...round.submitted.map((entry) => entry.statement.base), ...[...round.attestations.values()].map((entry) => entry.statement.result.base), round.closing?.base];
  return {
    study: book.digest,
    round: number,
    state: state.state,
    base: statements.find((base) => base !== undefined) ?? 'zeros',
    ...('result' in state && state.result.model !== undefined ? { model: state.result.model } : {}),
    ...('reason' in state ? { reason: state.reason } : 'result' in state && state.result.code !== undefined ? { reason: state.result.code } : {}),
    ...(committeeSize(book.study) === undefined ? {} : { committee: aggregatorsIn(book.study, epoch, opened) }),
    submissions: round.submitted.toSorted((a, b) => (a.statement.participant < b.statement.participant ? -1 : 1)).map(({ digest, statement }) => {
      const slot = round.slots.get(statement.participant);
      return { participant: statement.participant, submission: digest, blob: statement.blob, time: slot?.time ?? 0, retracted: slot?.kind === 'retraction', suites: [...new Set(statement.sealed.map((entry) => entry.suite))] };
    }),
    attesters: 'attesters' in state ? state.attesters : [...round.attestations.keys()].sort(),
    dissent: 'dissent' in state ? state.dissent : [],
    ...('endedAt' in state ? { endedAt: state.endedAt } : {}),
  };
}

export const showRounds = (history: History, study?: string): RoundShown[] => booksOf(history.ledger, study).flatMap((book) => roundsOf(history, book).map((found) => showRound(book, found)));

const validityName = (code: number): string => Object.entries(peer.TxValidationCode).find(([, value]) => value === code)?.[0] ?? `code ${code}`;

export const showLog = ({ chain }: History, chaincode: string): LogLine[] =>
  chain.all
    .filter((transaction) => transaction.chaincode === chaincode)
    .map(({ block, time, creator, args, txId, code }) => ({ block, time, by: creator.mspId, transaction: Buffer.from(args[0] ?? []).toString(), txId, validity: validityName(code) }));
