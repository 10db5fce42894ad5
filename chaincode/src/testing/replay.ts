/** Plays many rounds of many participants on the ledger in memory and prints what a round and a question cost, as one JSON document. */
import { X509Certificate } from 'node:crypto';
import {
  canonicalText, digestOf, newKemKeys, newSigner, setDigest, sha256, sign, statementDigest, submissionDigest, toBase64Url,
  type Attestation, type Digest, type Json, type OpeningEvidence, type ParticipantRecord, type Signer, type StatementName, type Submission,
} from '@epione/protocol';
import { ParticipantContract } from '../participant-contract.js';
import { RoundContract } from '../round-contract.js';
import { StudyContract } from '../study-contract.js';
import { study as smallStudy } from './consortium.js';
import { certificateOf, StubLedger, type Transaction } from './stub-ledger.js';

interface Member {
  readonly mspId: string;
  readonly signer: Signer;
  readonly record: Digest;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOfText = (text: string): Digest => digestOf(bytes(text));
// All organizations show one certificate of the fixtures: what a round costs does not depend on it.
const shown = 'HospitalA';

class Replay {
  readonly #ledger: StubLedger;
  readonly #members: Member[] = [];
  readonly #rounds = new RoundContract();
  #study = digestOfText('none');

  constructor(participants: number) {
    this.#ledger = new StubLedger({ organizations: Array.from({ length: participants }, (_, index) => `Clinic${String(index).padStart(3, '0')}`) });
  }

  async #send(name: StatementName, statement: object, { mspId, signer }: Pick<Member, 'mspId' | 'signer'>, call: (argument: string) => Transaction): Promise<void> {
    await this.#ledger.run({ mspId, certificateOf: shown }, call(canonicalText(sign(name, statement as Json, signer) as unknown as Json)));
  }

  async #register(mspId: string): Promise<void> {
    const signer = newSigner('mldsa65', sha256(bytes(mspId)));
    const kem = newKemKeys('mlkem768', new Uint8Array([...sha256(bytes(`${mspId} d`)), ...sha256(bytes(`${mspId} z`))]));
    const record: ParticipantRecord = {
      channel: 'epione', genesis: smallStudy.genesis, mspId, version: 1,
      certificateKey: digestOf(new X509Certificate(certificateOf(shown)).publicKey.export({ type: 'spki', format: 'der' })),
      signatureSuite: 'mldsa65', signingKey: toBase64Url(signer.publicKey), kemSuite: 'mlkem768', encapsulationKey: toBase64Url(kem.encapsulationKey),
      blobUrl: `https://localhost/${mspId}`,
    };
    const contract = new ParticipantContract();
    await this.#send('participant', record, { mspId, signer }, (argument) => (ctx) => contract.registerParticipant(ctx, argument));
    this.#members.push({ mspId, signer, record: statementDigest('participant', record) });
  }

  /** Registers all, and opens a study of so many rounds. */
  async open(participants: number, rounds: number): Promise<void> {
    for (let index = 0; index < participants; index++) await this.#register(`Clinic${String(index).padStart(3, '0')}`);
    const [first] = this.#members;
    if (first === undefined) throw new RangeError('a study needs participants');
    const ids = this.#members.map(({ mspId }) => mspId);
    const aggregators = ids.slice(0, 4);
    const document = {
      ...smallStudy, participants: ids, aggregators, quorums: { approve: Math.floor(participants / 2) + 1, submit: participants, attest: 3 }, rounds: { ...smallStudy.rounds, count: rounds },
    };
    this.#study = statementDigest('study', document);
    const contract = new StudyContract();
    await this.#send('study', document, first, (argument) => (ctx) => contract.registerStudy(ctx, argument));
    const approval = ({ mspId, record }: Member): object => ({ subject: this.#study, member: mspId, record, decision: 'approve' });
    for (const member of this.#members) await this.#send('approval', approval(member), member, (argument) => (ctx) => contract.approve(ctx, argument));
    const opening = {
      study: this.#study, member: first.mspId, record: first.record,
      approvals: this.#members.map((member) => ({ member: member.mspId, approval: statementDigest('approval', approval(member) as Json) })),
      epoch: { epoch: 1, from: 1, participants: this.#members.map(({ mspId, record }) => ({ mspId, record })), aggregators, quorum: 3 },
    };
    await this.#send('opening', opening, first, (argument) => (ctx) => contract.openStudy(ctx, argument));
  }

  /** One round: every participant submits, a quorum attests. */
  async round(round: number): Promise<void> {
    const aggregators = this.#members.slice(0, 4);
    const after: OpeningEvidence = round === 1 ? { kind: 'opening' } : { kind: 'ended', attesters: aggregators.slice(0, 3).map(({ mspId }) => mspId) };
    const base = round === 1 ? ('zeros' as const) : digestOfText(`model ${round - 1}`);
    const common = { study: this.#study, epoch: 1, round, after };
    const submissions = this.#members.map(({ mspId, record }): Submission => ({
      ...common, participant: mspId, record, base, blob: digestOfText(`blob ${round} ${mspId}`), blobBytes: 1000, numExamples: 10, software: 'replay',
      sealed: aggregators.filter((to) => to.mspId !== mspId).map((to) => ({ to: to.mspId, record: to.record, suite: 'seal-mlkem768-qkd' as const, keyIds: [`${round}-${mspId}-${to.mspId}`] })),
    }));
    for (const [index, member] of this.#members.entries()) {
      await this.#send('submission', submissions[index] as Submission, member, (argument) => (ctx) => this.#rounds.submit(ctx, argument));
    }
    const set = submissions.map((statement) => ({ participant: statement.participant, digest: submissionDigest(statement) }));
    for (const { mspId, record, signer } of aggregators.slice(0, 3)) {
      const result = { outcome: 'model' as const, base, set: setDigest(set), excluded: [], model: digestOfText(`model ${round}`) };
      const statement: Attestation = { ...common, aggregator: mspId, record, submissions: set, result, witness: '00'.repeat(32), software: 'replay' };
      await this.#send('attestation', statement, { mspId, signer }, (argument) => (ctx) => this.#rounds.attest(ctx, argument));
    }
  }

  /** All that the ledger holds of a round. */
  async ask(round: number): Promise<string> {
    const [first] = this.#members;
    return this.#ledger.evaluate({ mspId: first?.mspId ?? '', certificateOf: shown }, (ctx) => this.#rounds.getRound(ctx, canonicalText({ study: this.#study, round })));
  }
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function main(rounds: number, participants: number): Promise<void> {
  const replay = new Replay(participants);
  await replay.open(participants, rounds);
  const roundMs: number[] = [];
  for (let round = 1; round <= rounds; round++) roundMs.push(await elapsedMs(() => replay.round(round)));
  const asked = Math.min(rounds, 20);
  const questionMs: number[] = [];
  const lateQuestionMs: number[] = [];
  for (let turn = 0; turn < asked; turn++) {
    questionMs.push(await elapsedMs(() => replay.ask(1 + turn)));
    lateQuestionMs.push(await elapsedMs(() => replay.ask(rounds - turn)));
  }
  process.stdout.write(`${JSON.stringify({ rounds, participants, roundMs, questionMs, lateQuestionMs })}\n`);
}

const [rounds, participants] = process.argv.slice(2).map(Number);
if (rounds === undefined || participants === undefined || !(rounds > 0) || !(participants >= 4)) {
  process.stderr.write('usage: replay.js <rounds> <participants, at least 4>\n');
  process.exitCode = 2;
} else {
  void main(rounds, participants);
}
