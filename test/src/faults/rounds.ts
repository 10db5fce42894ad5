/** Rounds of a study, played by all members on a network in which something may be broken. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Committed, Ledger } from '@epione/client';
import {
  CodedError, digestOf, setDigest, sign, submissionDigest, witnessOf,
  type Attestation, type Base, type Digest, type OpeningEvidence, type Result, type Submission,
} from '@epione/protocol';
import { enrol, type Member } from '../bench/member.js';
import { openStudies, type OpenStudy } from '../bench/studies.js';

/** What a member meets for a while and tries again, as a worker does. */
const passing = new Set(['UNAVAILABLE', 'CONFLICT', 'ROUND_NOT_OPEN', 'NOT_SEALED']);
const patienceMs = 120_000;

async function persist<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const code: unknown = error instanceof CodedError ? error.code : undefined;
      if (typeof code !== 'string' || !passing.has(code) || performance.now() > deadline) throw error;
    }
    await sleep(200);
  }
}

/** Ledgers by the MSP ID of the member that is to use them. */
type Ledgers = Readonly<Record<string, Ledger>>;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export class Rounds implements Disposable {
  /** Every transaction whose commit was reported to a member. */
  readonly committed: Committed[] = [];
  readonly members: readonly Member[];
  readonly #study: OpenStudy;
  #played = 0;
  #after: OpeningEvidence = { kind: 'opening' };
  #base: Base = 'zeros';

  private constructor(members: readonly Member[], study: OpenStudy) {
    this.members = members;
    this.#study = study;
  }

  /** Registers the members of these profiles and opens a study of theirs with so many rounds. */
  static async open(profileFiles: readonly string[], rounds: number): Promise<Rounds> {
    const members = await Promise.all(profileFiles.map(enrol));
    const [study] = await openStudies('faults', 1, members, members, 32, rounds);
    return new Rounds(members, study!);
  }

  /** Number of rounds that are final. */
  get played(): number {
    return this.#played;
  }

  async #all<T>(ledgers: Ledgers, work: (member: Member) => Promise<{ committed: Committed; value: T }>): Promise<T[]> {
    const acting = this.members.map((member) => ({ ...member, ledger: ledgers[member.mspId] ?? member.ledger }));
    const done = await Promise.all(acting.map(async (member) => persist(async () => work(member))));
    this.committed.push(...done.map(({ committed }) => committed));
    return done.map(({ value }) => value);
  }

  #submission({ mspId, record }: Member, round: number): Submission {
    const sealed = this.members
      .filter((to) => to.mspId !== mspId)
      .map((to) => ({ to: to.mspId, record: to.record, suite: 'seal-mlkem768-qkd' as const, keyIds: [`${round}/${mspId}/${to.mspId}`] }))
      .sort((a, b) => (a.to < b.to ? -1 : 1));
    return {
      study: this.#study.digest, epoch: 1, round, participant: mspId, record, after: this.#after, base: this.#base,
      blob: digestOf(bytesOf(`${round} ${mspId}`)), blobBytes: 1000, sealed, numExamples: 100, software: 'tests of faults',
    };
  }

  /** Submits a member's update into the next round once, through another ledger than its own. @throws CodedError */
  async submitOnce(mspId: string, ledger: Ledger): Promise<void> {
    const member = this.members.find((entry) => entry.mspId === mspId)!;
    this.committed.push(await ledger.submit(sign('submission', this.#submission(member, this.#played + 1), member.signer)));
  }

  /**
   * Plays one round: every member submits, then every member attests, each as often as it takes.
   * @param ledgers through which single members act, instead of their own.
   */
  async play(ledgers: Ledgers = {}): Promise<void> {
    const round = this.#played + 1;
    const set = await this.#all(ledgers, async (member) => {
      const statement = this.#submission(member, round);
      return { committed: await member.ledger.submit(sign('submission', statement, member.signer)), value: { participant: member.mspId, digest: submissionDigest(statement) } };
    });
    const submissions = set.toSorted((a, b) => (a.participant < b.participant ? -1 : 1));
    const model: Digest = digestOf(bytesOf(`model ${round}`));
    const result: Result = { outcome: 'model', base: this.#base, set: setDigest(submissions), excluded: [], model };
    await this.#all(ledgers, async ({ mspId, record, ledger, signer }) => {
      const statement: Attestation = {
        study: this.#study.digest, epoch: 1, round, aggregator: mspId, record, after: this.#after, submissions, result,
        witness: witnessOf(this.#study.digest, round, mspId, bytesOf(`sum ${round}`)), software: 'tests of faults',
      };
      return { committed: await ledger.attest(sign('attestation', statement, signer)), value: undefined };
    });
    this.#played = round;
    this.#after = { kind: 'ended', attesters: this.members.map(({ mspId }) => mspId).sort().slice(0, Math.floor(this.members.length / 2) + 1) };
    this.#base = model;
  }

  [Symbol.dispose](): void {
    for (const { ledger } of this.members) ledger[Symbol.dispose]();
  }
}
