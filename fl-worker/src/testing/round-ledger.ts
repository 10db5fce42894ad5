/** A ledger in memory for tests of the worker: the protocol's own rules over a map, with the SDK's habit that saying the same twice is success. */
import type { Voucher } from '@epione/client';
import {
  assertAttestation, assertClosing, assertEnding, assertMandatedRevocation, assertNextEpoch, assertProposal, assertRetraction, assertSetup, assertSignedBy, assertSubmission, assertSuccession, CodedError, deriveRound, epochOf, footing, leftBeacon, membersOf, openRound, resultDigest,
  revokedState, slotOwner, statementDigest, submissionDigest, withEpoch,
  type Access, type Approval, type Attestation, type Closing, type Course, type Digest, type Ending, type Json, type Motion, type NextEpoch, type Proposal, type RoundState, type OpeningEvidence, type ParticipantRecord, type ParticipantState, type ConsentDecision, type ConsentQuestion, type Retraction, type Revocation, type RoundContext, type RoundRecords,
  type Setup, type Signed, type Slot, type Stored, type StoredClosing, type Study, type Submission,
} from '@epione/protocol';
import type { RoundLedger } from '../site/site.js';

interface RoundData {
  slots: Slot[];
  closing: StoredClosing | undefined;
  attestations: Stored<Attestation>[];
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** The channel of one opened study. */
export class TestLedger implements RoundLedger {
  readonly #records = new Map<string, Stored<ParticipantRecord>>();
  /** By digest, for ever. */
  readonly #everyRecord = new Map<string, Stored<ParticipantRecord>>();
  readonly #states = new Map<string, ParticipantState>();
  readonly #study: Study;
  readonly #rounds = new Map<number, RoundData>();
  readonly #listeners = new Set<() => void>();
  readonly #digest: Digest;
  /** Absent until each participant of a masked study has set up. */
  #opened: Course | undefined;
  readonly #setups = new Map<string, Stored<Setup>>();
  readonly #proposals = new Map<string, { digest: Digest; proposal: Stored<Proposal>; approvals: Stored<Approval>[] }>();
  readonly #now: () => number;
  readonly #anchors: ReadonlyMap<string, { readonly anchor?: string }>;
  #serial = 0;

  /** @param anchors of participants, in a study with a committee. */
  constructor(study: Study, records: readonly ParticipantRecord[], now: () => number, anchors: ReadonlyMap<string, { readonly anchor?: string }> = new Map()) {
    this.#study = study;
    this.#digest = statementDigest('study', study);
    this.#now = now;
    this.#anchors = anchors;
    for (const record of records) this.admit(record);
    if (study.aggregation.mode === 'visible') this.#open(() => ({}));
  }

  #open(setupOf: (mspId: string) => { setup?: Digest }): void {
    const { participants, aggregators, quorums } = this.#study;
    const entries = participants.map((mspId) => ({ mspId, record: statementDigest('participant', this.#record(mspId).statement), ...setupOf(mspId), ...this.#anchors.get(mspId) }));
    this.#opened = { openedAt: this.#now(), epochs: [{ epoch: 1, from: 1, participants: entries, aggregators, quorum: quorums.attest }] };
  }

  get #course(): Course {
    if (this.#opened === undefined) throw new CodedError('STUDY_NOT_OPEN', 'the study is not open');
    return this.#opened;
  }

  #setupsOf(epoch: number): Map<string, Stored<Setup>> {
    return new Map([...this.#setups.values()].filter(({ statement }) => statement.epoch === epoch).map((entry) => [entry.statement.participant, entry]));
  }

  /** The study opens by itself once all of its participants have set up. */
  setup(signed: Signed<Setup>): Promise<{ digest: string; txId: string }> {
    const { participant, epoch } = signed.statement;
    return attempt(() => {
      assertSetup(this.#study, this.#opened, signed.statement);
      return this.#written('setup', signed, participant, (stored) => {
        this.#setups.set(`${epoch} ${participant}`, stored);
        const first = this.#setupsOf(1);
        if (this.#opened === undefined && first.size === this.#study.participants.length) this.#open((mspId) => ({ setup: statementDigest('setup', first.get(mspId)?.statement ?? signed.statement) }));
      });
    });
  }

  listSetups(_study: string, epoch: number): ReturnType<RoundLedger['listSetups']> {
    return Promise.resolve([...this.#setupsOf(epoch).values()]);
  }

  #store<T>(statement: T, by: string, signature = ''): Stored<T> {
    return { by, signature, statement, time: this.#now(), txId: (this.#serial++).toString(16).padStart(64, '0') };
  }

  #record(mspId: string): Stored<ParticipantRecord> {
    const found = this.#records.get(mspId);
    if (found === undefined) throw new CodedError('RECORD_NOT_CURRENT', `no record of ${mspId}`);
    return found;
  }

  #data(round: number): RoundData {
    const data = this.#rounds.get(round) ?? { slots: [], closing: undefined, attestations: [] };
    this.#rounds.set(round, data);
    return data;
  }

  #context(round: number, after: OpeningEvidence): RoundContext {
    const epoch = epochOf(this.#course, round);
    if (epoch === undefined) throw new CodedError('ROUND_NOT_OPEN', `there is no epoch for round ${round}`);
    const before = this.#rounds.get(round - 1) ?? { attestations: [], closing: undefined };
    return { study: this.#study, course: this.#course, epoch, opened: openRound(this.#study, this.#course, round, after, before), records: this.#data(round), now: this.#now() };
  }

  #written<T extends Json>(kind: 'submission' | 'retraction' | 'closing' | 'attestation' | 'setup', signed: Signed<T>, by: string, write: (stored: Stored<T>) => void): { digest: string; txId: string } {
    if (this.#states.get(by)?.status !== 'current') throw new CodedError('RECORD_REVOKED', `the record of ${by} is revoked`);
    assertSignedBy(kind, signed, this.#record(by).statement);
    const stored = this.#store(signed.statement, by, signed.signature);
    write(stored);
    this.#announce();
    return { digest: statementDigest(kind, signed.statement), txId: stored.txId };
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  submit(signed: Signed<Submission>): Promise<{ digest: string; txId: string }> {
    const { round, participant, after } = signed.statement;
    const data = this.#data(round);
    const mine = data.slots.find((slot) => slot.statement.participant === participant);
    const digest = submissionDigest(signed.statement);
    if (mine?.kind === 'submission' && submissionDigest(mine.statement) === digest) return Promise.resolve({ digest, txId: mine.txId });
    return attempt(() => {
      const slotBefore = this.#rounds.get(round - 1)?.slots.find((slot) => slotOwner(slot) === participant);
      assertSubmission({ ...this.#context(round, after), slotBefore }, signed.statement);
      return this.#written('submission', signed, participant, (stored) => {
        data.slots = [...data.slots, { kind: 'submission' as const, ...stored }].sort((a, b) => byText(a.statement.participant, b.statement.participant));
      });
    });
  }

  attest(signed: Signed<Attestation>): Promise<{ digest: string; txId: string }> {
    const { round, aggregator, after, result } = signed.statement;
    const data = this.#data(round);
    const mine = data.attestations.find((entry) => entry.statement.aggregator === aggregator);
    if (mine !== undefined && resultDigest(mine.statement.result) === resultDigest(result)) return Promise.resolve({ digest: statementDigest('attestation', mine.statement), txId: mine.txId });
    return attempt(() => {
      assertAttestation(this.#context(round, after), signed.statement);
      return this.#written('attestation', signed, aggregator, (stored) => {
        data.attestations = [...data.attestations, stored].sort((a, b) => byText(a.statement.aggregator, b.statement.aggregator));
      });
    });
  }

  retract(signed: Signed<Retraction>): Promise<{ digest: string; txId: string }> {
    const { round, participant } = signed.statement;
    const data = this.#data(round);
    return attempt(() => {
      assertRetraction(this.#context(round, data.slots.find((slot) => slot.kind === 'submission')?.statement.after ?? { kind: 'opening' }), signed.statement);
      return this.#written('retraction', signed, participant, (stored) => {
        data.slots = data.slots.map((slot) => (slot.statement.participant === participant ? { kind: 'retraction' as const, ...stored } : slot));
      });
    });
  }

  #close(signed: Signed<Closing>): Promise<{ digest: string; txId: string }> {
    const { round, after, member } = signed.statement;
    return attempt(() => {
      const context = this.#context(round, after);
      assertClosing(context, signed.statement, this.#motion(signed.statement.proposal));
      return this.#written('closing', signed, member, (stored) => {
        const { beacon } = signed.statement.kind === 'abort' ? leftBeacon(context.opened, round, [], []) : context.opened;
        this.#data(round).closing = { ...stored, ...footing(context.opened.base, context.opened.state, beacon) };
      });
    });
  }

  closeRound(signed: Signed<Closing>): Promise<{ digest: string; txId: string }> {
    return this.#close(signed);
  }

  abortRound(signed: Signed<Closing>): Promise<{ digest: string; txId: string }> {
    return this.#close(signed);
  }

  /** Puts a proposal on the ledger and, in every named organization's name, approves it. */
  propose(proposal: Proposal, approvedBy: readonly string[]): Digest {
    const onStudy = new Map(membersOf(this.#study).map((member) => [member, this.#store<Approval>({ subject: this.#digest, member, record: this.#digest, decision: 'approve' }, member)]));
    assertProposal(this.#study, this.#course, proposal, onStudy);
    const digest = statementDigest('proposal', proposal);
    const approvals = approvedBy.map((member) => this.#store<Approval>({ subject: digest, member, record: statementDigest('participant', this.#record(member).statement), decision: 'approve', ...this.#anchors.get(member) }, member));
    this.#proposals.set(digest, { digest, proposal: this.#store(proposal, proposal.member), approvals });
    this.#announce();
    return digest;
  }

  #motion(digest: string | undefined): Motion | undefined {
    const found = this.#proposals.get(digest ?? '');
    return found && { digest: found.digest, proposal: found.proposal.statement, decisions: new Map(found.approvals.map((entry) => [entry.statement.member, entry])) };
  }

  /** Changes the course if the round before allows it. */
  #change<T extends NextEpoch | Ending>(name: 'epoch' | 'ending', signed: Signed<T>, from: number, judge: (running: RoundState) => Course): Promise<{ digest: string; txId: string }> {
    const { statement } = signed;
    return attempt(() => {
      assertSignedBy(name, signed, this.#record(statement.member).statement);
      const { study, epoch, opened, records, now } = this.#context(from - 1, statement.after);
      this.#opened = judge(deriveRound(study, epoch, opened, records, now));
      this.#announce();
      return { digest: statementDigest(name, statement), txId: '00' };
    });
  }

  openEpoch(signed: Signed<NextEpoch>): ReturnType<RoundLedger['openEpoch']> {
    const { statement } = signed;
    return this.#change('epoch', signed, statement.epoch.from, (running) => {
      assertNextEpoch(this.#study, this.#course, running, statement, this.#motion(statement.proposal), this.#states, this.#setupsOf(statement.epoch.epoch));
      return withEpoch(this.#course, statement);
    });
  }

  endStudy(signed: Signed<Ending>): ReturnType<RoundLedger['endStudy']> {
    const { statement } = signed;
    return this.#change('ending', signed, statement.from, (running) => {
      assertEnding(this.#study, this.#course, running, statement, this.#motion(statement.proposal));
      return { ...this.#course, end: { from: statement.from, time: this.#now() } };
    });
  }

  listProposals(): ReturnType<RoundLedger['listProposals']> {
    return Promise.resolve([...this.#proposals.values()]);
  }

  getRound(_study: string, round: number): Promise<RoundRecords> {
    return Promise.resolve({ ...this.#data(round) });
  }

  /** Entries of the access log, by organization. */
  readonly accesses: Signed<Access>[] = [];

  appendAccess(access: Signed<Access>): ReturnType<RoundLedger['appendAccess']> {
    this.accesses.push(access);
    return Promise.resolve({ digest: statementDigest('access', access.statement), txId: '00' });
  }

  getStudy(study: string): ReturnType<RoundLedger['getStudy']> {
    if (study !== this.#digest) return Promise.reject(new CodedError('STUDY_UNKNOWN', `there is no study ${study}`));
    return Promise.resolve({ study: this.#store(this.#study, 'HospitalA'), approvals: this.#study.participants.map((member) => this.#store<Approval>({ subject: this.#digest, member, record: this.#digest, decision: 'approve' }, member)), ...(this.#opened === undefined ? {} : { course: this.#opened }) });
  }

  listStudies(): ReturnType<RoundLedger['listStudies']> {
    return Promise.resolve([{ study: this.#digest, name: this.#study.name, title: this.#study.title, by: 'HospitalA', time: 0 }]);
  }

  getParticipant(mspId: string): ReturnType<RoundLedger['getParticipant']> {
    const record = this.#records.get(mspId);
    const state = this.#states.get(mspId);
    return Promise.resolve(record === undefined || state === undefined ? {} : { state, record });
  }

  revokeParticipant(signed: Signed<Revocation>): ReturnType<RoundLedger['revokeParticipant']> {
    const { mspId, mandate } = signed.statement;
    return attempt(() => {
      const motion = this.#motion(mandate?.proposal);
      assertSignedBy('revocation', signed, this.#record(mandate?.member ?? '').statement);
      assertMandatedRevocation(signed.statement, motion && { study: this.#study, course: this.#course, motion });
      this.#states.set(mspId, revokedState(signed.statement, 1));
      this.#announce();
      return { digest: statementDigest('revocation', signed.statement), txId: '00' };
    });
  }

  registerParticipant({ statement, signature }: Signed<ParticipantRecord>, voucher?: Voucher): Promise<{ digest: string; txId: string }> {
    return attempt(() => {
      const [state, before] = [this.#states.get(statement.mspId), this.#records.get(statement.mspId)?.statement];
      assertSignedBy('participant', { signature, statement }, statement);
      const digest = statementDigest('participant', statement);
      assertSuccession({ statement, signature, ...voucher, digest, signedBytes: new Uint8Array() }, state && before && { state, record: before });
      this.admit(statement);
      return { digest, txId: this.#records.get(statement.mspId)?.txId ?? '' };
    });
  }

  /** This is its organization's current record from now on, whatever brought it here. */
  admit(record: ParticipantRecord): void {
    const [digest, stored] = [statementDigest('participant', record), this.#store(record, record.mspId)];
    this.#records.set(record.mspId, stored);
    this.#everyRecord.set(digest, stored);
    this.#states.set(record.mspId, { record: digest, version: record.version, status: 'current' });
  }

  getRecord(digest: string): ReturnType<RoundLedger['getRecord']> {
    return Promise.resolve(this.#everyRecord.get(digest));
  }

  /** Pseudonyms whose consent has been withdrawn; all others have one in force. */
  readonly withdrawn = new Set<string>();

  /** The transaction in each block, by name; blocks 0 to 6 are the channel's own. */
  readonly chain: string[] = Array<string>(7).fill('');
  /** Transactions that are committed while the next questions of consent are answered. */
  readonly meanwhile: string[] = [];

  evaluateConsent({ subjects }: ConsentQuestion): Promise<ConsentDecision[]> {
    this.chain.push(...this.meanwhile.splice(0, 1));
    return Promise.resolve(subjects.map((subject) => (this.withdrawn.has(subject) ? { subject, decision: 'deny', code: 'CONSENT_WITHDRAWN' } : { subject, decision: 'permit', consentId: `c-${subject.slice(0, 8)}` })));
  }

  height(): Promise<number> {
    return Promise.resolve(this.chain.length);
  }

  /** A name `block N` says where it stands; rounds played here stand in no block. */
  blockOf(txId: string): Promise<number> {
    return Promise.resolve(Number(/^block (\d+)$/.exec(txId)?.[1] ?? 0));
  }

  /** Serialized `common.Block`s: a header of number, previous hash and data hash, and one envelope that names its transaction. */
  async *blocks(from = 0): ReturnType<RoundLedger['blocks']> {
    for (let number = from; number < this.chain.length; number++) {
      const header = [0x08, number, 0x12, 32, ...new Uint8Array(32), 0x1a, 32, ...new Uint8Array(32)];
      const envelope = [...new TextEncoder().encode(this.chain[number])];
      yield await Promise.resolve({ number, bytes: Uint8Array.from([0x0a, header.length, ...header, 0x12, envelope.length + 2, 0x0a, envelope.length, ...envelope]) });
    }
  }

  async *events({ signal }: { signal?: AbortSignal } = {}): ReturnType<RoundLedger['events']> {
    while (signal?.aborted !== true) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wake = (): void => {
        resolve(undefined);
      };
      this.#listeners.add(wake);
      signal?.addEventListener('abort', wake);
      await promise;
      this.#listeners.delete(wake);
      yield { announcements: [{ event: 'consentWithdrawn', mspId: 'HospitalA' }], block: this.#serial, txId: '', position: { block: this.#serial } };
    }
  }
}

/** What the work throws becomes a rejection. */
const attempt = <T>(work: () => T): Promise<T> =>
  new Promise((resolve) => {
    resolve(work());
  });
