/** The channel's state as the committed writes alone tell it, and what a round has come to by a reading of PROTOCOL section 4 of its own. */
import { aggregatorsIn, canonicalText, committeeSize, firstBeacon, nextBeacon, statementDigest, type Attestation, type Course, type Digest, type Epoch, type Result, type Slot, type Stored, type StoredClosing, type Study, type SubmissionRef } from '@epione/protocol';

/** One committed write: the parts of its composite key, the kind first, and its value. */
export interface Write {
  readonly key: readonly string[];
  readonly value: unknown;
}

/** What a round has come to; `base` is what it builds on. */
export type Verdict = { readonly base: string } & (
  | { readonly state: 'open'; readonly live: readonly SubmissionRef[] }
  | { readonly state: 'sealed'; readonly set: readonly SubmissionRef[] }
  | { readonly state: 'final' | 'failed'; readonly set: readonly SubmissionRef[]; readonly result: Result; readonly attesters: readonly string[] }
  | { readonly state: 'aborted' }
);

/** The parts of a composite key of Fabric: U+0000, then each part followed by U+0000. */
export const partsOf = (key: string): string[] => key.split('\u0000').slice(1, -1);

const sorted = <T>(list: readonly T[], of: (value: T) => string): T[] => [...list].sort((a, b) => (of(a) < of(b) ? -1 : 1));

export class World {
  readonly #state = new Map<string, unknown>();
  /** Verdicts on the state as it is. */
  readonly #verdicts = new Map<number, Verdict | undefined>();
  readonly study: Study;
  readonly name: Digest;

  constructor(study: Study, name: Digest) {
    this.study = study;
    this.name = name;
  }

  get(...parts: readonly string[]): unknown {
    return this.#state.get(parts.join(' '));
  }

  set({ key, value }: Write): void {
    this.#state.set(key.join(' '), value);
    this.#verdicts.clear();
  }

  /** All values of a kind whose further parts begin so. */
  all(...parts: readonly string[]): unknown[] {
    const prefix = `${parts.join(' ')} `;
    return [...this.#state].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);
  }

  course(): Course {
    const found = this.get('course', this.name) as Course | undefined;
    if (found === undefined) throw new Error('the study is not open');
    return found;
  }

  epoch(round: number): Epoch {
    const [first, ...later] = this.course().epochs;
    if (first === undefined) throw new Error('the course has no epoch');
    return later.reduce((found, entry) => (entry.from <= round ? entry : found), first);
  }

  slots(round: number): Slot[] {
    return sorted(this.all('submission', this.name, digits(round)) as Slot[], (slot) => slot.statement.participant);
  }

  closing(round: number): StoredClosing | undefined {
    return this.get('closing', this.name, digits(round)) as StoredClosing | undefined;
  }

  attestations(round: number): Stored<Attestation>[] {
    return sorted(this.all('attestation', this.name, digits(round)) as Stored<Attestation>[], (entry) => entry.statement.aggregator);
  }

  live(round: number): SubmissionRef[] {
    return this.slots(round).flatMap((slot) => (slot.kind === 'submission' ? [{ participant: slot.statement.participant, digest: statementDigest('submission', slot.statement) }] : []));
  }

  /** The set that is fixed, if one is. */
  sealed(round: number): readonly SubmissionRef[] | undefined {
    const closing = this.closing(round)?.statement;
    if (closing !== undefined) return closing.kind === 'close' ? closing.submissions : undefined;
    const live = this.live(round);
    const everySlot = this.epoch(round).participants.every(({ mspId }) => this.slots(round).some((slot) => slot.statement.participant === mspId));
    return everySlot && live.length >= this.study.quorums.submit ? live : undefined;
  }

  /** The attestations of a round that agree, where they are a quorum. */
  quorum(round: number): { result: Result; attesters: string[] } | undefined {
    const groups = new Map<string, Stored<Attestation>[]>();
    for (const entry of this.attestations(round)) {
      const text = canonicalText(entry.statement.result);
      groups.set(text, [...(groups.get(text) ?? []), entry]);
    }
    const group = [...groups.values()].find((entries) => entries.length >= this.epoch(round).quorum);
    return group?.[0] && { result: group[0].statement.result, attesters: group.map((entry) => entry.statement.aggregator) };
  }

  /** The beacon by which a round's committee is drawn, from all that the rounds before revealed; undefined where the study has none. */
  beacon(round: number): string | undefined {
    if (round === 1) return committeeSize(this.study) === undefined ? undefined : firstBeacon(this.name);
    const before = this.verdict(round - 1);
    return this.beaconAfter(round - 1, before !== undefined && 'set' in before ? before.set : []);
  }

  /** The beacon that a round leaves behind with this set; nobody contributes to that of an aborted one. */
  beaconAfter(round: number, set: readonly SubmissionRef[]): string | undefined {
    const before = this.beacon(round);
    const link = (participant: string): string => this.slots(round).flatMap((slot) => (slot.kind === 'submission' && slot.statement.participant === participant ? [slot.statement.beacon ?? ''] : [])).join('');
    return before && nextBeacon(before, round, set.map(({ participant }) => link(participant)));
  }

  /** Who recomputes a round. */
  committee(round: number): readonly string[] {
    const beacon = this.beacon(round);
    return aggregatorsIn(this.study, this.epoch(round), beacon === undefined ? {} : { beacon });
  }

  /** What a round has come to; undefined while the one before runs, or where there is none. */
  verdict(round: number): Verdict | undefined {
    if (!this.#verdicts.has(round)) this.#verdicts.set(round, this.#judge(round));
    return this.#verdicts.get(round);
  }

  #judge(round: number): Verdict | undefined {
    const base = this.#base(round);
    if (base === undefined || round > this.study.rounds.count || round >= (this.course().end?.from ?? Infinity)) return undefined;
    const set = this.sealed(round);
    const end = this.quorum(round);
    if (this.closing(round)?.statement.kind === 'abort') return { state: 'aborted', base };
    if (set === undefined) return { state: 'open', base, live: this.live(round) };
    return end === undefined ? { state: 'sealed', base, set } : { state: end.result.outcome === 'model' ? 'final' : 'failed', base, set, ...end };
  }

  #base(round: number): string | undefined {
    if (round === 1) return this.study.model.initial;
    const before = this.verdict(round - 1);
    if (before === undefined || before.state === 'open' || before.state === 'sealed') return undefined;
    return before.state === 'final' ? before.result.model : before.base;
  }

  /** The round that runs; the last one when all have ended. */
  running(): number {
    let round = 1;
    while (this.verdict(round + 1) !== undefined) round += 1;
    return round;
  }
}

/** A round's number as keys have it. */
export const digits = (round: number): string => String(round).padStart(6, '0');
