/** What the ledger holds at a point of its history, rebuilt from accepted statements. */
import {
  openRound, type AnchorState, type Approval, type Attestation, type Cosignature, type Course, type Digest, type Motion, type Opened, type OpeningEvidence, type ParticipantRecord, type ParticipantState, type PersonConsents, type Revocation, type RoundRecords, type Setup, type Setups, type Slot,
  type Stored, type StoredClosing, type Study, type Submission,
} from '@epione/protocol';

/** One round of a study. */
export interface RoundBook {
  readonly slots: Map<string, Slot>;
  closing?: StoredClosing;
  readonly attestations: Map<string, Stored<Attestation>>;
  /** Every submission that was accepted, retracted ones too. */
  readonly submitted: { readonly digest: Digest; readonly statement: Submission; readonly block: number }[];
}

/** One study and all that was written about it. */
export interface StudyBook {
  readonly digest: Digest;
  readonly study: Study;
  readonly approvals: Map<string, Stored<Approval>>;
  course?: Course;
  /** The block that opened the study. */
  openedInBlock: number;
  readonly rounds: Map<number, RoundBook>;
  /** Set-ups of masked mode, the last of each participant for an epoch. */
  readonly setups: Map<string, Stored<Setup>>;
}

/** A record that was revoked as compromised: what is timed from `since` on is suspect. */
export interface Compromise {
  readonly record: string;
  readonly since: number;
}

/** The life of a record. */
export interface RecordBook {
  readonly record: Digest;
  readonly statement: ParticipantRecord;
  readonly registeredAt: number;
  /** The proposal that let its organization back in. */
  readonly admission?: string;
  /** Its end, unless another record followed it in the ordinary way. */
  revoked?: { readonly statement: Revocation; readonly by: string; readonly time: number };
}

export class Registry {
  readonly participants = new Map<string, ParticipantState>();
  readonly records = new Map<string, Stored<ParticipantRecord>>();
  /** By digest, in the order of their registration. */
  readonly recordBooks = new Map<string, RecordBook>();
  readonly studies = new Map<string, StudyBook>();
  /** Proposals by digest, with the decisions on them. */
  readonly motions = new Map<string, Motion & { readonly decisions: Map<string, Stored<Approval>> }>();
  /** By hospital and pseudonym. */
  readonly consents = new Map<string, PersonConsents>();
  /** What each organization cosigned last. */
  readonly anchors = new Map<string, AnchorState>();
  /** In the order in which they came. */
  readonly cosignatures: Cosignature[] = [];
  readonly compromised: Compromise[] = [];
  /** Who wrote what when: the record behind each accepted statement, and the transaction's time. */
  readonly authored: { readonly record: string; readonly time: number }[] = [];
  /** The block of each transaction, by ID. */
  readonly blocks = new Map<string, number>();

  /** The book of a round; begun when it is first asked for. */
  round(book: StudyBook, round: number): RoundBook {
    const found = book.rounds.get(round) ?? { slots: new Map(), attestations: new Map(), submitted: [] };
    book.rounds.set(round, found);
    return found;
  }
}

const values = <T>(map: ReadonlyMap<string, T>): T[] => [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);

/** A round as `deriveRound` takes it. */
export const recordsOf = (round: RoundBook): RoundRecords => ({ slots: values(round.slots), closing: round.closing, attestations: values(round.attestations) });

/** Base and opening time of a round by its evidence. @throws CodedError as `openRound` of the protocol. */
export function openedBy(book: StudyBook, course: Course, round: number, after: OpeningEvidence): Opened {
  const before = book.rounds.get(round - 1);
  return openRound(book.study, course, round, after, { attestations: before === undefined ? [] : values(before.attestations), closing: before?.closing });
}

/** The set-ups for an epoch as they stand. */
export const setupsOf = ({ setups }: Pick<StudyBook, 'setups'>, epoch: number): Setups =>
  new Map([...setups.values()].filter(({ statement }) => statement.epoch === epoch).map((entry) => [entry.statement.participant, entry]));
