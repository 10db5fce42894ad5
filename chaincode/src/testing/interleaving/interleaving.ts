/** One interleaving: random organizations have random transactions endorsed, the orderer puts some of them into blocks in random order, and whoever lost a race retries. */
import { CodedError, canonicalText, deriveRound, openRound, type OpeningEvidence, type ParticipantRecord, type RoundRecords, type Stored, type Study } from '@epione/protocol';
import { Consortium, organizations } from '../consortium.js';
import type { Simulation, ValidationCode } from '../stub-ledger.js';
import { Attempts, type Attempt, type TransactionName } from './attempts.js';
import { Chance } from './chance.js';
import { hold, Invariants } from './invariants.js';
import { partsOf, World, type Write } from './world.js';

/** A version check that is left out: the named transaction's reads of a kind of key do not enter its read set. */
export interface Blindness {
  readonly transaction: TransactionName;
  readonly kind: string;
  /** The transaction that writes it. */
  readonly rival: TransactionName;
}

/** What happened in an interleaving: committed transactions and refused ones, by name and code. */
export interface Tally {
  readonly committed: Map<TransactionName, number>;
  readonly refused: Map<string, number>;
  readonly ends: Map<string, number>;
}

interface Pending {
  readonly attempt: Attempt;
  readonly simulation: Simulation;
}

export const newTally = (): Tally => ({ committed: new Map(), refused: new Map(), ends: new Map() });
const count = <K>(map: Map<K, number>, key: K): void => void map.set(key, (map.get(key) ?? 0) + 1);

/** How far clients' clocks may be off the peers', ms. */
const skewMs = 15_000;

class Interleaving {
  readonly #house: Consortium;
  readonly #world: World;
  readonly #invariants: Invariants;
  readonly #attempts: Attempts;
  readonly #chance: Chance;
  readonly #tally: Tally;
  readonly #blindness: Blindness | undefined;
  #pool: Pending[] = [];

  constructor(study: Study, seed: number, tally: Tally, blindness?: Blindness) {
    this.#chance = new Chance(seed);
    this.#house = new Consortium(study);
    this.#world = new World(study, this.#house.studyDigest);
    this.#invariants = new Invariants(this.#world);
    this.#attempts = new Attempts(this.#house, this.#world, this.#chance);
    this.#tally = tally;
    this.#blindness = blindness;
  }

  /** Opens the study and takes so many steps. @throws Broken. */
  async run(steps: number): Promise<void> {
    await this.#open();
    for (let step = 0; step < steps; step++) {
      await this.#chance.byWeight<() => Promise<void>>([
        [14, () => this.#try(this.#next())],
        [5, () => this.#cutBlock()],
        [this.#blindness === undefined ? 0 : 5, () => this.#race()],
        [2, () => Promise.resolve(void (this.#house.ledger.now += this.#chance.of([10, 5_000, 61_000, 75_000])))],
      ])();
    }
    for (let round = 1; round <= this.#world.running(); round++) count(this.#tally.ends, this.#world.verdict(round)?.state ?? 'waiting');
  }

  /** All that comes before the first round runs in order; its writes are taken into the world as they are committed. */
  async #open(): Promise<void> {
    const { ledger } = this.#house;
    const commit = ledger.submit.bind(ledger);
    ledger.submit = (simulations) => {
      const codes = commit(simulations);
      this.#take(simulations, codes, () => 'opening');
      return codes;
    };
    await this.#house.open();
    ledger.submit = commit;
  }

  #take(simulations: readonly Simulation[], codes: readonly ValidationCode[], nameOf: (at: number) => string): void {
    for (const [at, { readWriteSet }] of simulations.entries()) {
      if (codes[at] !== 'VALID') continue;
      const writes = [...readWriteSet.writes].map(([key, value]): Write => ({ key: partsOf(key), value: JSON.parse(Buffer.from(value ?? []).toString()) }));
      this.#invariants.commit(nameOf(at), writes);
      for (const { key, value } of writes) if (key[0] === 'record') this.#house.goOn((value as Stored<ParticipantRecord>).statement);
    }
  }

  /** Whether the race is about the end of a sealed round. */
  get #endsRound(): boolean {
    return this.#blindness?.rival === 'attest';
  }

  /** Any attempt, but none of a race that must wait for a sealed round. */
  #next(): Attempt | undefined {
    const attempt = this.#attempts.next();
    return this.#endsRound && attempt?.name === this.#blindness?.transaction ? undefined : attempt;
  }

  /** One that reads a key is endorsed; those that write it are endorsed on the same state, and ordered before it. */
  async #race(): Promise<void> {
    if (this.#blindness === undefined || (this.#endsRound && this.#world.verdict(this.#world.running())?.state !== 'sealed')) return;
    const others = this.#pool.splice(0);
    await this.#try(this.#attempts.next(this.#blindness.transaction));
    const late = this.#pool.splice(0);
    // Whoever was late may have missed a deadline.
    this.#house.ledger.now += this.#chance.of([10, 75_000]);
    if (late.length > 0) for (let times = 0; times < 8; times++) await this.#try(this.#attempts.next(this.#blindness.rival));
    await this.#order(this.#pool.splice(0));
    await this.#order(late);
    this.#pool.push(...others);
  }

  /** Has an attempt endorsed on the state as it is; it may be ordered much later. */
  async #try(attempt: Attempt | undefined): Promise<void> {
    if (attempt === undefined) return;
    const { ledger } = this.#house;
    try {
      const timestamp = ledger.now + this.#chance.below(2 * skewMs) - skewMs;
      const simulation = await ledger.simulate({ mspId: attempt.by }, attempt.call, { timestamp });
      if (attempt.name === this.#blindness?.transaction) {
        for (const key of simulation.readWriteSet.reads.keys()) if (partsOf(key)[0] === this.#blindness.kind) simulation.readWriteSet.reads.delete(key);
      }
      this.#pool.push({ attempt, simulation });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      count(this.#tally.refused, `${attempt.name} ${String(error.code)}`);
    }
  }

  /** Some of what is endorsed, in random order; the rest stays, and grows old. */
  async #cutBlock(): Promise<void> {
    const chosen = this.#chance.shuffled(this.#pool).filter(() => !this.#chance.oneIn(3));
    this.#pool = this.#pool.filter((pending) => !chosen.includes(pending));
    await this.#order(chosen);
    if (this.#blindness === undefined) await this.#readAll();
  }

  /** Commits a block; who lost a race may retry. */
  async #order(chosen: readonly Pending[]): Promise<void> {
    if (chosen.length === 0) return;
    const codes = this.#house.ledger.submit(chosen.map(({ simulation }) => simulation));
    this.#take(chosen.map(({ simulation }) => simulation), codes, (at) => chosen[at]?.attempt.name ?? '');
    this.#house.ledger.now += 10;
    for (const [at, { attempt }] of chosen.entries()) {
      if (codes[at] === 'VALID') count(this.#tally.committed, attempt.name);
      else {
        count(this.#tally.refused, `${attempt.name} ${codes[at] ?? ''}`);
        // As the SDK: the same statement again, never a new one for it.
        if (!this.#chance.oneIn(3)) await this.#try(attempt);
      }
    }
  }

  /** Every reader sees the same: what the contract answers, put into the one pure function, is what the writes say. */
  async #readAll(): Promise<void> {
    const { ledger, rounds, study, studyDigest } = this.#house;
    let before: RoundRecords | undefined;
    for (let round = 1; round <= this.#world.running(); round++) {
      const records = JSON.parse(await ledger.evaluate({ mspId: this.#chance.of(organizations) }, (ctx) => rounds.getRound(ctx, canonicalText({ study: studyDigest, round })))) as RoundRecords;
      const verdict = this.#world.verdict(round);
      const past = round === 1 ? undefined : this.#world.verdict(round - 1);
      const after: OpeningEvidence = past === undefined ? { kind: 'opening' } : past.state === 'final' || past.state === 'failed' ? { kind: 'ended', attesters: past.attesters.slice(0, this.#world.epoch(round - 1).quorum) } : { kind: 'aborted' };
      const opened = openRound(study, this.#world.course(), round, after, before ?? { attestations: [] });
      const derived = deriveRound(study, this.#world.epoch(round), opened, records, ledger.now);
      hold(derived.state === verdict?.state && opened.base === verdict.base, 'readers', `round ${round} is ${verdict?.state ?? 'waiting'}, a reader finds it ${derived.state}`);
      hold(opened.beacon === this.#world.beacon(round), 'readers', `a reader finds another beacon before round ${round}`);
      if ('set' in derived && 'set' in verdict) hold(canonicalText(derived.set.map((entry) => ({ ...entry }))) === canonicalText(verdict.set.map((entry) => ({ ...entry }))), 'readers', `a reader finds another set of round ${round}`);
      before = records;
    }
  }
}

/**
 * Runs one interleaving.
 * @param seed the same gives the same.
 * @param blindness a version check to leave out, to see that the invariants notice.
 * @throws Broken.
 */
export const interleave = (study: Study, seed: number, steps: number, tally: Tally, blindness?: Blindness): Promise<void> => new Interleaving(study, seed, tally, blindness).run(steps);
