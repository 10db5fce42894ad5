/** Three hospitals and a regulator with real keys, for unit tests: builds signed statements as a worker would. */
import { X509Certificate } from 'node:crypto';
import {
  canonicalText, chainLink, committeeSize, cosignerName, digestOf, newCosigner, newKemKeys, newSigner, sha256, sign, spentAfter, statementDigest, stepsPerRound, submissionDigest, toBase64Url,
  type Cosigner, type Digest, type Json, type OpeningEvidence, type ParticipantRecord, type Result, type Setup, type Signed, type Signer, type StatementName, type Study, type Submission, type SubmissionRef,
} from '@epione/protocol';
import { setDigest, type Attestation } from '@epione/protocol';
import { certificateOf, StubLedger, type Caller } from './stub-ledger.js';
import { ParticipantContract } from '../participant-contract.js';
import { ProposalContract } from '../proposal-contract.js';
import { RoundContract } from '../round-contract.js';
import { SetupContract } from '../setup-contract.js';
import { StudyContract } from '../study-contract.js';

export const hospitals = ['HospitalA', 'HospitalB', 'HospitalC'];
export const organizations = [...hospitals, 'Regulator'];
const genesis = digestOf(new TextEncoder().encode('genesis'));
const seedOf = (text: string): Uint8Array => sha256(new TextEncoder().encode(text));

/** A digest from a text, for blobs and models that no test opens. */
export const digestOfText = (text: string): Digest => digestOf(new TextEncoder().encode(text));

/** The transaction argument of a signed statement. */
export const argument = (signed: Signed<unknown>): string => canonicalText(signed as unknown as Json);

/** A small valid study of the three hospitals. */
export const study = {
  version: 1, name: 'test', title: 'A test study', channel: 'epione', genesis, chaincode: 'epione',
  purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
  features: [{ name: 'radius', kind: 'number', missing: 'reject' }],
  label: { name: 'diagnosis', kind: 'number', missing: 'reject' },
  model: { kind: 'logistic', layers: [], tensors: [{ name: 'weights', shape: [1, 1] }, { name: 'bias', shape: [1] }], dimension: 2, initial: 'zeros' },
  training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 },
  strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
  encoding: { bits: 64, fractionBits: 24, clip: '8', maxWeight: 1000 },
  privacy: { unit: 'none' },
  aggregation: { mode: 'visible', rule: 'mean' },
  suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768-qkd', 'seal-mlkem768'], qkdMissing: 'fallback', qkdWaitMs: 1000 },
  participants: hospitals, aggregators: organizations, observers: [],
  quorums: { approve: 3, submit: 2, attest: 3 },
  rounds: { count: 3, submitMs: 60_000, graceMs: 10_000, attestMs: 60_000 },
  consent: { required: false, classes: [], onWithdrawal: 'next-round' },
} satisfies Json as unknown as Study;

/** The same in masked mode, with three rounds an epoch. */
export const maskedStudy: Study = { ...study, rounds: { ...study.rounds, count: 9 }, quorums: { ...study.quorums, submit: 3 }, aggregation: { mode: 'masked', expansion: 'mask-aes256ctr', epochRounds: 3 } };

/** The same with a committee of three aggregators a round. */
export const committeeStudy: Study = { ...study, rounds: { ...study.rounds, count: 4 }, quorums: { ...study.quorums, attest: 2 }, aggregation: { mode: 'visible', rule: 'mean', committee: 3 } };

export class Consortium {
  readonly ledger = new StubLedger({ organizations });
  readonly participants = new ParticipantContract();
  readonly studies = new StudyContract();
  readonly proposals = new ProposalContract();
  readonly setups = new SetupContract();
  readonly rounds = new RoundContract();
  readonly study: Study;
  readonly studyDigest: Digest;
  readonly #signers = new Map<string, Signer>();
  readonly #records = new Map<string, Digest>();
  readonly #generations = new Map<string, number>();

  constructor(document: Study = study) {
    this.study = document;
    this.studyDigest = statementDigest('study', document);
  }

  /** The signer of an organization; `generation` distinguishes rotated keys. */
  signer(mspId: string, generation = 1): Signer {
    const name = `${mspId}/${generation}`;
    const signer = this.#signers.get(name) ?? newSigner('mldsa65', seedOf(name));
    this.#signers.set(name, signer);
    return signer;
  }

  /** The organization's ML-DSA-44 key for notes. */
  witness(mspId: string): Cosigner {
    return newCosigner(cosignerName('epione', mspId), 'mldsa44', seedOf(`witness of ${mspId}`));
  }

  record(mspId: string): Digest {
    return this.#records.get(mspId) ?? digestOfText('no record');
  }

  /** A valid record of an organization. */
  newRecord(mspId: string, changes: Partial<ParticipantRecord> = {}): ParticipantRecord {
    const certificate = new X509Certificate(certificateOf(mspId));
    const kem = newKemKeys('mlkem768', new Uint8Array([...seedOf(`${mspId} d`), ...seedOf(`${mspId} z`)]));
    return {
      channel: 'epione', genesis, mspId, version: 1,
      certificateKey: digestOf(certificate.publicKey.export({ type: 'spki', format: 'der' })),
      signatureSuite: 'mldsa65', signingKey: toBase64Url(this.signer(mspId).publicKey),
      kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey),
      saeId: `sae-${mspId.toLowerCase()}`, blobUrl: `https://localhost/${mspId}`, ...changes,
    };
  }

  signed(name: StatementName, statement: object, mspId: string): Signed<Json> {
    return sign(name, statement as Json, this.signer(mspId, this.#generations.get(mspId)));
  }

  /** A record with all keys of another generation, which follows the organization's present one. */
  successor(mspId: string, generation: number, changes: Partial<ParticipantRecord> = {}): ParticipantRecord {
    const kem = newKemKeys('mlkem768', new Uint8Array([...seedOf(`${mspId} d ${generation}`), ...seedOf(`${mspId} z ${generation}`)]));
    return this.newRecord(mspId, { version: generation, previous: this.record(mspId), signingKey: toBase64Url(this.signer(mspId, generation).publicKey), encapsulationKey: toBase64Url(kem.encapsulationKey), ...changes });
  }

  /** From now on the organization acts with this record and the keys of its generation, its version. */
  goOn(record: ParticipantRecord): void {
    this.#records.set(record.mspId, statementDigest('participant', record));
    this.#generations.set(record.mspId, record.version);
  }

  async register(mspId: string, changes: Partial<ParticipantRecord> = {}): Promise<void> {
    const record = this.newRecord(mspId, changes);
    await this.ledger.run({ mspId }, (ctx) => this.participants.registerParticipant(ctx, argument(this.signed('participant', record, mspId))));
    this.#records.set(mspId, statementDigest('participant', record));
  }

  async registerStudy(): Promise<void> {
    await this.ledger.run({ mspId: 'HospitalA' }, (ctx) => this.studies.registerStudy(ctx, argument(this.signed('study', this.study, 'HospitalA'))));
  }

  /** A link of an organization's chain in a study with a committee; that of round 0 is the anchor. */
  link(mspId: string, round: number): string {
    return chainLink(this.studyDigest, seedOf(`chain of ${mspId}`), this.study.rounds.count, round);
  }

  /** The anchor of a participant, where the study has a committee. */
  anchor(mspId: string, participants: readonly string[] = this.study.participants): { anchor?: string } {
    return committeeSize(this.study) !== undefined && participants.includes(mspId) ? { anchor: this.link(mspId, 0) } : {};
  }

  approval(member: string, subject = this.studyDigest, decision = 'approve'): object {
    return { subject, member, record: this.record(member), decision, ...(subject === this.studyDigest ? this.anchor(member) : {}) };
  }

  async approve(member: string, subject = this.studyDigest, decision = 'approve'): Promise<void> {
    await this.ledger.run({ mspId: member }, (ctx) => this.studies.approve(ctx, argument(this.signed('approval', this.approval(member, subject, decision), member))));
  }

  /** References to approvals of a subject, as statements name them. */
  approvals(members: readonly string[], subject = this.studyDigest): { member: string; approval: Digest }[] {
    return members.map((member) => ({ member, approval: statementDigest('approval', this.approval(member, subject) as Json) }));
  }

  /** Proposes a change. @returns the proposal's digest. */
  async propose(statement: object, member = 'HospitalA'): Promise<Digest> {
    const whole = { study: this.studyDigest, member, record: this.record(member), epoch: 1, ...statement } as Json;
    await this.ledger.run({ mspId: member }, (ctx) => this.proposals.propose(ctx, argument(this.signed('proposal', whole as object, member))));
    return statementDigest('proposal', whole);
  }

  /** A statement that opens the next epoch after round 1, with the given organizations as participants. */
  epoch(participants: readonly string[], aggregators: readonly string[], changes: object = {}): object {
    const quorum = Math.floor(aggregators.length / 2) + 1;
    const entry = { epoch: 2, from: 2, participants: participants.map((mspId) => ({ mspId, record: this.record(mspId) })), aggregators, quorum };
    return { study: this.studyDigest, member: 'HospitalA', record: this.record('HospitalA'), epoch: entry, approvals: [], after: { kind: 'opening' }, ...changes };
  }

  async openEpoch(statement: object, member = 'HospitalA'): Promise<string> {
    return this.ledger.run({ mspId: member }, (ctx) => this.proposals.openEpoch(ctx, argument(this.signed('epoch', statement, member))));
  }

  async endStudy(statement: object, member = 'HospitalA'): Promise<string> {
    return this.ledger.run({ mspId: member }, (ctx) => this.proposals.endStudy(ctx, argument(this.signed('ending', statement, member))));
  }

  /** A participant's pair keys with those of higher MSP ID. */
  setup(participant: string, epoch = 1, from = 1, participants: readonly string[] = hospitals, changes: Partial<Setup> = {}): Setup {
    const pairs = participants.filter((to) => to > participant).map((to) => ({ to, record: this.record(to), suite: 'seal-mlkem768-qkd' as const, keyIds: [`pair-${epoch}-${participant}-${to}`] }));
    return { study: this.studyDigest, epoch, from, participant, record: this.record(participant), ...(pairs.length === 0 ? {} : { blob: digestOfText(`pairs ${epoch} ${participant}`) }), pairs, ...changes };
  }

  setupDigest = (statement: Setup): Digest => statementDigest('setup', statement);

  async setUp(statement: Setup, mspId = statement.participant): Promise<string> {
    return this.ledger.run({ mspId }, (ctx) => this.setups.setup(ctx, argument(this.signed('setup', statement, mspId))));
  }

  /** The participants of an epoch as its entry has them. */
  entries(participants: readonly string[] = hospitals, epoch = 1, from = 1): { mspId: string; record: Digest; setup?: Digest; anchor?: string }[] {
    const masked = this.study.aggregation.mode === 'masked';
    return participants.map((mspId) => ({ mspId, record: this.record(mspId), ...this.anchor(mspId), ...(masked ? { setup: statementDigest('setup', this.setup(mspId, epoch, from, participants)) } : {}) }));
  }

  opening(): object {
    return {
      study: this.studyDigest, member: 'HospitalA', record: this.record('HospitalA'),
      approvals: this.approvals(organizations),
      epoch: { epoch: 1, from: 1, participants: this.entries(), aggregators: organizations, quorum: this.study.quorums.attest },
    };
  }

  /** All members registered and agreed; round 1 is open. */
  async open(changes: Readonly<Record<string, Partial<ParticipantRecord>>> = {}): Promise<this> {
    for (const mspId of organizations) await this.register(mspId, changes[mspId]);
    await this.registerStudy();
    for (const mspId of organizations) await this.approve(mspId);
    if (this.study.aggregation.mode === 'masked') for (const mspId of hospitals) await this.setUp(this.setup(mspId));
    await this.ledger.run({ mspId: 'HospitalA' }, (ctx) => this.studies.openStudy(ctx, argument(this.signed('opening', this.opening(), 'HospitalA'))));
    return this;
  }

  submission(participant: string, round = 1, changes: Partial<Submission> = {}): Submission {
    const sealed = organizations
      .filter((to) => to !== participant)
      .map((to) => ({ to, record: this.record(to), suite: 'seal-mlkem768-qkd' as const, keyIds: [`key-${round}-${participant}-${to}`] }));
    const { privacy } = this.study;
    return {
      study: this.studyDigest, epoch: 1, round, participant, record: this.record(participant),
      after: this.after(round), base: round === 1 ? 'zeros' : digestOfText(`model ${round - 1}`),
      blob: digestOfText(`blob ${round} ${participant}`), blobBytes: 1000, sealed, ...(this.study.aggregation.mode === 'visible' ? { numExamples: 10 } : {}), software: 'test',
      ...(privacy.unit === 'none' ? {} : { privacy: spentAfter(privacy, round * stepsPerRound(this.study)) }), ...changes,
    };
  }

  after(round: number): OpeningEvidence {
    return round === 1 ? { kind: 'opening' } : { kind: 'ended', attesters: organizations.slice(0, 3) };
  }

  set(participants: readonly string[], round = 1): SubmissionRef[] {
    return participants.map((participant) => ({ participant, digest: submissionDigest(this.submission(participant, round)) }));
  }

  attestation(aggregator: string, round = 1, changes: Partial<Result> = {}, participants: readonly string[] = hospitals): Attestation {
    const submissions = this.set(participants, round);
    const base = round === 1 ? ('zeros' as const) : digestOfText(`model ${round - 1}`);
    return {
      study: this.studyDigest, epoch: 1, round, aggregator, record: this.record(aggregator), after: this.after(round), submissions,
      result: { outcome: 'model', base, set: setDigest(submissions), excluded: [], model: digestOfText(`model ${round}`), ...changes },
      witness: '00'.repeat(32), software: 'test',
    };
  }

  /** Calls a round transaction as an organization. */
  async call(transaction: 'submit' | 'retract' | 'attest' | 'closeRound' | 'abortRound', name: StatementName, statement: object, mspId: string, caller: Partial<Caller> = {}): Promise<string> {
    return this.ledger.run({ mspId, ...caller }, (ctx) => this.rounds[transaction](ctx, argument(this.signed(name, statement, mspId))));
  }

  submit(participant: string, round = 1, changes: Partial<Submission> = {}): Promise<string> {
    return this.call('submit', 'submission', this.submission(participant, round, changes), participant);
  }

  attest(aggregator: string, round = 1, changes: Partial<Result> = {}): Promise<string> {
    return this.call('attest', 'attestation', this.attestation(aggregator, round, changes), aggregator);
  }

  closing(member: string, kind: 'close' | 'abort', submissions: readonly SubmissionRef[], round = 1): object {
    return { study: this.studyDigest, epoch: 1, round, member, record: this.record(member), after: this.after(round), kind, submissions, reason: 'TOO_FEW' };
  }
}
