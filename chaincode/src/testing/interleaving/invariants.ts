/** What must hold of the ledger after each committed transaction, whatever came before: one sealed set a round, one end, nothing outside it. */
import {
  canonicalText, committeeSize, leadsToAnchor, statementDigest,
  type Attestation, type Closing, type Course, type Epoch, type Json, type ParticipantState, type PersonConsents, type Setup, type Slot, type Stored, type Submission, type SubmissionRef,
} from '@epione/protocol';
import type { Verdict, World, Write } from './world.js';

/** The invariants, each by what it protects. */
export type Invariant = 'write-once' | 'one set' | 'one end' | 'nothing outside' | 'closing lists live' | 'footing' | 'course' | 'set-ups' | 'record' | 'consent' | 'committee' | 'readers';

/** An invariant that does not hold, with what was found. */
export class Broken extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, sentence: string) {
    super(`${invariant}: ${sentence}`);
    this.invariant = invariant;
  }
}

/** @throws Broken unless the condition holds. */
export function hold(condition: boolean, invariant: Invariant, sentence: string): asserts condition {
  if (!condition) throw new Broken(invariant, sentence);
}

const text = (value: unknown): string => canonicalText(value as Json);
const same = (one: unknown, other: unknown): boolean => text(one) === text(other);
const once = new Set(['study', 'agenda', 'proposal', 'approval', 'record', 'revocation', 'closing', 'attestation']);

/** Judges each write against the state before it, and every round against what it had come to before. */
export class Invariants {
  readonly #world: World;
  readonly #sets = new Map<number, readonly SubmissionRef[]>();
  readonly #ends = new Map<number, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Takes a committed transaction's writes into the world. @throws Broken. */
  commit(transaction: string, writes: readonly Write[]): void {
    for (const write of writes) this.#judge(write, writes);
    for (const write of writes) this.#world.set(write);
    if (this.#world.get('course', this.#world.name) === undefined) return;
    for (let round = 1; round <= this.#world.study.rounds.count; round++) this.#judgeRound(round, transaction);
  }

  #judge({ key, value }: Write, writes: readonly Write[]): void {
    const world = this.#world;
    const [kind = '', ...parts] = key;
    const before = world.get(...key);
    const where = parts.slice(1).join(' ');
    hold(before === undefined || !once.has(kind), 'write-once', `${kind} ${where} is written again`);
    const stored = value as Stored<{ readonly record?: string; readonly member?: string }>;
    if (['submission', 'closing', 'attestation', 'setup', 'proposal', 'approval'].includes(kind)) this.#judgeRecord(stored.by, stored.statement.record ?? '', kind);
    if (kind === 'submission') this.#judgeSlot(value as Slot, before as Slot | undefined);
    if (kind === 'closing') this.#judgeClosing((value as Stored<Closing>).statement);
    if (kind === 'attestation') this.#judgeAttestation((value as Stored<Attestation>).statement);
    if (kind === 'course' && parts[0] === world.name) this.#judgeCourse(value as Course, before as Course | undefined);
    if (kind === 'consent') this.#judgeConsents(value as PersonConsents, before as PersonConsents | undefined);
    if (kind === 'participant') this.#judgeStanding(where, value as ParticipantState, before as ParticipantState | undefined, writes);
  }

  #judgeStanding(mspId: string, is: ParticipantState, was: ParticipantState | undefined, writes: readonly Write[]): void {
    hold(is.status === 'revoked' ? is.record === was?.record : is.version === (was?.version ?? 0) + 1 && writes.some((other) => other.key[0] === 'record' && other.key[1] === is.record), 'record', `${mspId} skips a record`);
  }

  #judgeRecord(mspId: string, record: string, kind: string): void {
    const state = this.#world.get('participant', mspId) as ParticipantState | undefined;
    hold(state?.record === record && state.status === 'current', 'record', `${kind} of ${mspId} is written under a record that is not its current one`);
  }

  /** Everything of a round is written while it can be, on the round's base and in its epoch. */
  #judgePlace(kind: string, round: number, epoch: number, states: readonly Verdict['state'][], base?: string): Verdict {
    const verdict = this.#world.verdict(round);
    hold(verdict !== undefined, 'footing', `${kind} of round ${round}, which has not begun or does not take place`);
    hold(epoch === this.#world.epoch(round).epoch, 'course', `${kind} of round ${round} is in epoch ${epoch}`);
    hold(states.includes(verdict.state), 'one set', `${kind} of round ${round}, which is ${verdict.state}`);
    hold(base === undefined || base === verdict.base, 'footing', `${kind} of round ${round} builds on ${base ?? ''}, not on ${verdict.base}`);
    return verdict;
  }

  #judgeSlot(slot: Slot, before: Slot | undefined): void {
    const { round, participant, epoch } = slot.statement;
    if (slot.kind === 'submission') {
      hold(before === undefined, 'write-once', `${participant} submits again in round ${round}`);
      hold(this.#world.closing(round) === undefined, 'nothing outside', `${participant} submits in round ${round} after its closing`);
      this.#judgePlace('submission', round, epoch, ['open'], slot.statement.base);
      hold(this.#world.epoch(round).participants.some(({ mspId }) => mspId === participant), 'nothing outside', `${participant} is no participant of round ${round}`);
      this.#judgeLink(slot.statement);
      return;
    }
    hold(before?.kind === 'submission' && statementDigest('submission', before.statement) === slot.statement.submission, 'write-once', `${participant} retracts in round ${round} what it has not submitted`);
    this.#judgePlace('retraction', round, epoch, ['open']);
  }

  /** With a committee, a submission reveals the link of its round, and is sealed for who was drawn. */
  #judgeLink({ round, participant, beacon, sealed }: Submission): void {
    if (committeeSize(this.#world.study) === undefined) return;
    const { anchor } = this.#world.epoch(round).participants.find(({ mspId }) => mspId === participant) ?? {};
    hold(beacon !== undefined && anchor !== undefined && leadsToAnchor(beacon, round, anchor), 'committee', `${participant} does not reveal its link in round ${round}`);
    hold(same(sealed.map(({ to }) => to), this.#world.committee(round).filter((mspId) => mspId !== participant)), 'committee', `${participant} seals for others than were drawn for round ${round}`);
  }

  #judgeClosing({ kind, round, epoch, submissions }: Closing): void {
    if (kind === 'abort') {
      const ended = this.#world.quorum(round);
      hold(ended === undefined, 'one end', `round ${round} is aborted after its end`);
      this.#judgePlace('abort', round, epoch, ['open', 'sealed']);
      return;
    }
    hold(same(submissions, this.#world.live(round)), 'closing lists live', `the closing of round ${round} lists ${submissions.map((entry) => entry.participant).join()}, live are ${this.#world.live(round).map((entry) => entry.participant).join()}`);
    this.#judgePlace('closing', round, epoch, ['open']);
  }

  #judgeAttestation({ round, epoch, aggregator, submissions, result }: Attestation): void {
    hold(this.#world.closing(round)?.statement.kind !== 'abort', 'one end', `${aggregator} attests round ${round} after its abort`);
    this.#judgePlace('attestation', round, epoch, ['sealed', 'final', 'failed'], result.base);
    hold(same(submissions, this.#world.sealed(round)), 'nothing outside', `${aggregator} attests another set of round ${round}`);
    hold(this.#world.committee(round).includes(aggregator), 'nothing outside', `${aggregator} is no aggregator of round ${round}`);
    hold(result.beacon === this.#world.beaconAfter(round, submissions), 'committee', `${aggregator} attests another beacon of round ${round}`);
  }

  /** A course only grows, by an epoch for the round after the one that runs, or by its end. */
  #judgeCourse(course: Course, before: Course | undefined): void {
    if (before === undefined) return;
    hold(same(course.epochs.slice(0, before.epochs.length), before.epochs) && course.openedAt === before.openedAt, 'course', 'what the course held is changed');
    hold(before.end === undefined, 'course', 'the study ends twice, or goes on after its end');
    const added = course.epochs.slice(before.epochs.length);
    hold(added.length + (course.end === undefined ? 0 : 1) === 1, 'course', 'more than one change at once');
    const from = course.end?.from ?? added[0]?.from ?? 0;
    const state = this.#world.verdict(from - 1)?.state;
    hold(state === 'open' || state === 'sealed', 'course', `a change from round ${from} on, while round ${from - 1} is ${state ?? 'not there'}`);
    for (const epoch of added) this.#judgeEpoch(epoch, before.epochs.at(-1) as Epoch);
  }

  #judgeEpoch({ epoch, from, participants }: Epoch, last: Epoch): void {
    hold(epoch === last.epoch + 1 && from > last.from, 'course', `epoch ${epoch} does not follow`);
    for (const { mspId, record, setup } of participants) {
      this.#judgeRecord(mspId, record, 'epoch');
      const found = this.#world.get('setup', this.#world.name, String(epoch).padStart(4, '0'), mspId) as Stored<Setup> | undefined;
      hold((found === undefined ? undefined : statementDigest('setup', found.statement)) === setup, 'set-ups', `epoch ${epoch} does not name the set-up of ${mspId}`);
    }
  }

  #judgeConsents(now: PersonConsents, before: PersonConsents | undefined): void {
    for (const consent of before?.consents ?? []) {
      const kept = now.consents.find((entry) => entry.consentId === consent.consentId);
      hold(kept !== undefined && (consent.withdrawal === undefined || same(kept, consent)), 'consent', `consent ${consent.consentId} or its withdrawal is gone`);
    }
  }

  /** What a round has once come to, it keeps. */
  #judgeRound(round: number, transaction: string): void {
    const world = this.#world;
    const set = world.sealed(round);
    const aborted = world.closing(round)?.statement.kind === 'abort';
    const known = this.#sets.get(round);
    if (known !== undefined && !aborted) hold(same(set, known), 'one set', `${transaction} changes the set of round ${round}`);
    if (set !== undefined) {
      this.#sets.set(round, set);
      hold(same(world.live(round), set), 'nothing outside', `live submissions of round ${round} are not its set after ${transaction}`);
    }
    const ended = world.quorum(round);
    hold(ended === undefined || !aborted, 'one end', `round ${round} has an attested end and an abort`);
    const end = aborted ? 'aborted' : ended && text(ended.result);
    const before = this.#ends.get(round);
    hold(before === undefined || before === end, 'one end', `${transaction} changes the end of round ${round}`);
    if (end !== undefined) this.#ends.set(round, end);
    for (const { statement } of world.slots(round)) hold(statement.epoch === world.epoch(round).epoch, 'course', `${transaction} puts round ${round} into another epoch than its submissions`);
    for (const [epoch, setup] of world.course().epochs.flatMap((entry) => entry.participants.map(({ mspId, setup }) => [`${String(entry.epoch).padStart(4, '0')} ${mspId}`, setup] as const))) {
      if (setup === undefined) continue;
      const held = world.get('setup', world.name, ...epoch.split(' ')) as Stored<Setup> | undefined;
      hold(held !== undefined && statementDigest('setup', held.statement) === setup, 'set-ups', `${transaction} replaces a set-up of epoch ${epoch}`);
    }
  }
}
