/** What the organizations try: each attempt is one signed statement, true or not by the state that its author saw, and kept as it is for every retry. */
import {
  anchorFor, canonicalText, committeeSize, consentSubject, setDigest, sha256, sign, statementDigest, submissionDigest,
  type Approval, type Digest, type Epoch, type Json, type OpeningEvidence, type ParticipantState, type Proposal, type Result, type Setup, type Signed, type StatementName, type Stored, type Submission, type SubmissionRef,
} from '@epione/protocol';
import { ConsentContract } from '../../consent-contract.js';
import { argument, digestOfText, hospitals, organizations, type Consortium } from '../consortium.js';
import type { Transaction } from '../stub-ledger.js';
import type { Chance } from './chance.js';
import type { World } from './world.js';

/** The transactions that are tried. */
export type TransactionName =
  | 'submit' | 'retract' | 'closeRound' | 'abortRound' | 'attest' | 'setup' | 'propose' | 'approve' | 'openEpoch' | 'endStudy'
  | 'registerParticipant' | 'revokeParticipant' | 'grantConsent' | 'withdrawConsent';

export interface Attempt {
  readonly name: TransactionName;
  readonly by: string;
  readonly call: Transaction;
}

type Builder = () => Attempt | undefined;

interface Roster {
  readonly participants: readonly string[];
  readonly aggregators: readonly string[];
  readonly quorum: number;
}

const consents = new ConsentContract();

/** What has been signed, in this interleaving or another: signing is what an interleaving spends most of its time on. A statement names its signer's record, and so the key. */
const signatures = new Map<string, string>();

/** Rosters that are proposed: two hospitals of three, four organizations that train, and the study's own. */
const rosters: readonly Roster[] = [
  { participants: hospitals.slice(0, 2), aggregators: ['HospitalA', 'HospitalB', 'Regulator'], quorum: 2 },
  { participants: organizations, aggregators: hospitals, quorum: 2 },
  { participants: hospitals, aggregators: organizations, quorum: 3 },
];

export class Attempts {
  readonly #house: Consortium;
  readonly #world: World;
  readonly #chance: Chance;

  constructor(house: Consortium, world: World, chance: Chance) {
    this.#house = house;
    this.#world = world;
    this.#chance = chance;
  }

  /** What somebody tries next, by the state as it is; undefined where the chosen thing makes no sense at all. @param named this transaction only. */
  next(named?: TransactionName): Attempt | undefined {
    const round = this.#round();
    const state = this.#world.verdict(round)?.state ?? 'open';
    const sealed = state === 'sealed';
    const choices: readonly (readonly [weight: number, name: TransactionName, builder: Builder])[] = [
      [sealed ? 2 : 12, 'submit', () => this.#submit(round)],
      [sealed ? 2 : 3, 'retract', () => this.#retract(round)],
      [sealed ? 1 : 4, 'closeRound', () => this.#close(round)],
      [sealed ? 3 : 2, 'abortRound', () => this.#abort(round)],
      [state === 'open' ? 1 : 14, 'attest', () => this.#attest(round)],
      [2, 'openEpoch', () => this.#openEpoch()],
      [2, 'propose', () => this.#propose()],
      [4, 'approve', () => this.#approve()],
      [1, 'endStudy', () => this.#endStudy()],
      [this.#world.study.aggregation.mode === 'masked' ? 6 : 0, 'setup', () => this.#setup()],
      [1, 'grantConsent', () => this.#consent()],
      [1, 'registerParticipant', () => this.#keys()],
    ];
    const fitting = choices.filter(([, name]) => named === undefined || name === named);
    return this.#chance.byWeight(fitting.map(([weight, , build]) => [weight, build] as const))();
  }

  /** Mostly the round that runs, sometimes the one before, which late statements are about. */
  #round(): number {
    const running = this.#world.running();
    return running > 1 && this.#chance.oneIn(8) ? running - 1 : running;
  }

  #attempt(name: TransactionName, by: string, kind: StatementName, statement: object, call: (text: string) => Transaction): Attempt {
    const text = `${kind} ${canonicalText(statement as Json)}`;
    const signed = signatures.get(text) ?? argument(this.#house.signed(kind, statement, by));
    signatures.set(text, signed);
    return { name, by, call: call(signed) };
  }

  /** Evidence that a round is open: any quorum of those who agreed will do. */
  #after(round: number): OpeningEvidence {
    const before = round === 1 ? undefined : this.#world.verdict(round - 1);
    if (before === undefined || before.state === 'open' || before.state === 'sealed') return { kind: 'opening' };
    if (before.state === 'aborted') return { kind: 'aborted' };
    return { kind: 'ended', attesters: this.#chance.shuffled(before.attesters).slice(0, this.#world.epoch(round - 1).quorum).sort() };
  }

  #common(round: number, author: string): { study: Digest; epoch: number; round: number; record: Digest; after: OpeningEvidence } {
    return { study: this.#house.studyDigest, epoch: this.#world.epoch(round).epoch, round, record: this.#house.record(author), after: this.#after(round) };
  }

  #base(round: number): Submission['base'] {
    return (this.#world.verdict(round)?.base ?? 'zeros') as Submission['base'];
  }

  #submit(round: number): Attempt {
    const { participants } = this.#world.epoch(round);
    const participant = this.#chance.of(participants).mspId;
    const sealed = this.#world.committee(round).filter((to) => to !== participant).map((to) => ({ to, record: this.#house.record(to), suite: 'seal-mlkem768-qkd' as const, keyIds: [`key-${round}-${participant}-${to}`] }));
    // Two statements of one participant for one round differ: the second would be an equivocation.
    const blob = digestOfText(`blob ${round} ${participant} ${this.#chance.below(2)}`);
    const statement = this.#house.submission(participant, round, { ...this.#common(round, participant), base: this.#base(round), sealed, blob, ...this.#link(participant, round) });
    return this.#attempt('submit', participant, 'submission', statement, (text) => (ctx) => this.#house.rounds.submit(ctx, text));
  }

  /** Mostly the link of the round. */
  #link(participant: string, round: number): { beacon?: string } {
    if (committeeSize(this.#world.study) === undefined) return {};
    return { beacon: this.#house.link(participant, this.#chance.oneIn(12) ? round - 1 : round) };
  }

  #retract(round: number): Attempt | undefined {
    const slot = this.#chance.of([undefined, ...this.#world.slots(round)].slice(-3));
    if (slot?.kind !== 'submission') return undefined;
    const { participant } = slot.statement;
    const { study, epoch, record } = this.#common(round, participant);
    const statement = { study, epoch, round, record, participant, submission: submissionDigest(slot.statement), reason: 'CONSENT_WITHDRAWN' };
    return this.#attempt('retract', participant, 'retraction', statement, (text) => (ctx) => this.#house.rounds.retract(ctx, text));
  }

  #close(round: number): Attempt {
    const member = this.#chance.of(organizations);
    const statement = { ...this.#common(round, member), member, kind: 'close', submissions: this.#world.live(round), reason: 'TOO_FEW' };
    return this.#attempt('closeRound', member, 'closing', statement, (text) => (ctx) => this.#house.rounds.closeRound(ctx, text));
  }

  #abort(round: number): Attempt {
    const member = this.#chance.of(organizations);
    const carried = this.#carried('abort').find(({ proposal }) => proposal.kind === 'abort' && proposal.round === round);
    const mandate = carried === undefined ? {} : { proposal: carried.digest, approvals: carried.approvals };
    const statement = { ...this.#common(round, member), member, kind: 'abort', submissions: [], reason: 'TOO_FEW', ...mandate };
    return this.#attempt('abortRound', member, 'closing', statement, (text) => (ctx) => this.#house.rounds.abortRound(ctx, text));
  }

  #attest(round: number): Attempt {
    // Now and then one that was not drawn.
    const aggregator = this.#chance.of(this.#chance.oneIn(8) ? this.#world.epoch(round).aggregators : this.#world.committee(round));
    const base = this.#base(round);
    const submissions: readonly SubmissionRef[] = this.#world.sealed(round) ?? this.#world.live(round);
    const beacon = this.#world.beaconAfter(round, submissions);
    const common = { base, set: setDigest(submissions), excluded: [], ...(beacon === undefined ? {} : { beacon }) };
    const failure = this.#chance.oneIn(6);
    const model = digestOfText(`${this.#chance.oneIn(6) ? 'another ' : ''}model ${round} on ${base} of ${common.set}`);
    const result: Result = failure ? { ...common, outcome: 'failure', code: 'TOO_FEW' } : { ...common, outcome: 'model', model };
    const statement = { ...this.#common(round, aggregator), aggregator, submissions, result, ...(failure ? {} : { witness: '00'.repeat(32) }), software: 'test' };
    return this.#attempt('attest', aggregator, 'attestation', statement, (text) => (ctx) => this.#house.rounds.attest(ctx, text));
  }

  /** The next epoch's roster: the one that was approved, if one was, else the present one. */
  #roster(): Roster & { readonly mandate: { readonly proposal?: Digest; readonly approvals: object[] } } {
    const last = this.#world.course().epochs.at(-1) as Epoch;
    const [carried] = this.#chance.shuffled(this.#carried('roster'));
    if (carried?.proposal.kind !== 'roster') return { participants: last.participants.map(({ mspId }) => mspId), aggregators: last.aggregators, quorum: last.quorum, mandate: { approvals: [] } };
    return { ...carried.proposal, mandate: { proposal: carried.digest, approvals: carried.approvals } };
  }

  #openEpoch(): Attempt {
    const member = this.#chance.of(organizations);
    const last = this.#world.course().epochs.at(-1) as Epoch;
    const { participants, aggregators, quorum, mandate } = this.#roster();
    const decisions = new Map((mandate.proposal === undefined ? [] : this.#world.all('approval', mandate.proposal) as Stored<Approval>[]).map((entry) => [entry.statement.member, entry]));
    const running = this.#world.running();
    const entries = participants.map((mspId) => {
      const setup = this.#world.get('setup', this.#house.studyDigest, String(last.epoch + 1).padStart(4, '0'), mspId) as Stored<Setup> | undefined;
      const anchor = committeeSize(this.#world.study) === undefined ? undefined : anchorFor(this.#world.course(), mspId, decisions);
      return { mspId, record: this.#house.record(mspId), ...(anchor === undefined ? {} : { anchor }), ...(setup === undefined ? {} : { setup: statementDigest('setup', setup.statement) }) };
    });
    const epoch = { epoch: last.epoch + 1, from: running + 1, participants: entries, aggregators, quorum };
    const statement = { study: this.#house.studyDigest, member, record: this.#house.record(member), epoch, after: this.#after(running), ...mandate };
    return this.#attempt('openEpoch', member, 'epoch', statement, (text) => (ctx) => this.#house.proposals.openEpoch(ctx, text));
  }

  #setup(): Attempt {
    const last = this.#world.course().epochs.at(-1) as Epoch;
    const { participants } = this.#roster();
    const participant = this.#chance.of(participants);
    const changes = this.#chance.oneIn(3) ? { blob: digestOfText(`pairs ${this.#chance.below(2)}`) } : {};
    const made = this.#house.setup(participant, last.epoch + 1, this.#world.running() + 1, participants);
    const statement = made.pairs.length === 0 ? made : { ...made, ...changes };
    return this.#attempt('setup', participant, 'setup', statement, (text) => (ctx) => this.#house.setups.setup(ctx, text));
  }

  #propose(): Attempt {
    const member = this.#chance.of(organizations);
    const kind = this.#chance.of([{ kind: 'abort', round: this.#world.running() }, { kind: 'end' }, ...rosters.map((roster) => ({ kind: 'roster', ...roster }))]);
    const epoch = (this.#world.course().epochs.at(-1) as Epoch).epoch;
    const statement = { study: this.#house.studyDigest, member, record: this.#house.record(member), epoch, ...kind };
    return this.#attempt('propose', member, 'proposal', statement, (text) => (ctx) => this.#house.proposals.propose(ctx, text));
  }

  #approve(): Attempt | undefined {
    const proposals = this.#world.all('proposal') as Stored<Proposal>[];
    if (proposals.length === 0) return undefined;
    const member = this.#chance.of(organizations);
    const { statement } = this.#chance.of(proposals.slice(-2));
    const subject = statementDigest('proposal', statement);
    const decision = this.#chance.oneIn(6) ? 'reject' : 'approve';
    // Who has an anchor may leave it out.
    const anchor = decision === 'reject' || statement.kind !== 'roster' || this.#chance.oneIn(4) ? {} : this.#house.anchor(member, statement.participants);
    return this.#attempt('approve', member, 'approval', { subject, member, record: this.#house.record(member), decision, ...anchor }, (text) => (ctx) => this.#house.studies.approve(ctx, text));
  }

  /** Proposals of a kind that three have approved, with the approvals. */
  #carried(kind: Proposal['kind']): { readonly digest: Digest; readonly proposal: Proposal; readonly approvals: object[] }[] {
    return (this.#world.all('proposal') as Stored<Proposal>[]).flatMap(({ statement }) => {
      const digest = statementDigest('proposal', statement);
      const inFavour = (this.#world.all('approval', digest) as Stored<Approval>[]).map((entry) => entry.statement).filter(({ decision }) => decision === 'approve');
      const approvals = inFavour.map((entry) => ({ member: entry.member, approval: statementDigest('approval', entry as unknown as Json) })).sort((a, b) => (a.member < b.member ? -1 : 1));
      return statement.kind === kind && approvals.length >= 3 ? [{ digest, proposal: statement, approvals }] : [];
    });
  }

  #endStudy(): Attempt | undefined {
    const [carried] = this.#carried('end');
    if (carried === undefined) return undefined;
    const member = this.#chance.of(organizations);
    const running = this.#world.running();
    const statement = { study: this.#house.studyDigest, member, record: this.#house.record(member), from: running + 1, proposal: carried.digest, approvals: carried.approvals, after: this.#after(running) };
    return this.#attempt('endStudy', member, 'ending', statement, (text) => (ctx) => this.#house.proposals.endStudy(ctx, text));
  }

  #consent(): Attempt {
    const mspId = this.#chance.of(hospitals);
    const { channel, genesis } = this.#house.newRecord(mspId);
    const subject = consentSubject(sha256(new TextEncoder().encode('a person')), mspId);
    const common = { channel, genesis, mspId, record: this.#house.record(mspId) };
    const consentId = `consent-${this.#chance.below(3)}`;
    if (this.#chance.oneIn(2)) return this.#attempt('withdrawConsent', mspId, 'withdrawal', { ...common, consentId, subject }, (text) => (ctx) => consents.withdrawConsent(ctx, text));
    const terms = { purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' }, classes: ['pathology'], grants: [{ consentId, subject }] };
    return this.#attempt('grantConsent', mspId, 'consent', { ...common, ...terms }, (text) => (ctx) => consents.grantConsent(ctx, text));
  }

  /** An organization rotates its keys; now and then it revokes its record and is out. */
  #keys(): Attempt {
    const mspId = this.#chance.of(organizations);
    if (this.#chance.oneIn(12)) {
      const statement = { mspId, record: this.#house.record(mspId), reason: this.#chance.of(['left', 'compromised']) };
      return this.#attempt('revokeParticipant', mspId, 'revocation', statement, (text) => (ctx) => this.#house.participants.revokeParticipant(ctx, text));
    }
    const version = ((this.#world.get('participant', mspId) as ParticipantState | undefined)?.version ?? 0) + 1;
    const record = this.#house.successor(mspId, version);
    const by = (generation: number): Signed<Json> => sign('participant', record as unknown as Json, this.#house.signer(mspId, generation));
    const text = canonicalText({ ...by(version), previousSignature: by(version - 1).signature });
    return { name: 'registerParticipant', by: mspId, call: (ctx) => this.#house.participants.registerParticipant(ctx, text) };
  }
}

