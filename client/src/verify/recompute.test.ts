/** Recomputing rounds under a robust rule and a server strategy with state: the state is carried, and whoever attested another one is told. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  aggregate, digestOf, encapsulate, encodeModel, encodeState, initialState, judgeUpdate, newKemKeys, packUpdate, sealUpdate, setDigest, sha256, submissionDigest, witnessOf,
  type Aggregated, type Base, type Before, type Compression, type Digest, type Epoch, type RoundState, type Study, type Submission,
} from '@epione/protocol';
import { Blobs } from './blobs.js';
import { checkAggregates, type ContentKeys } from './recompute.js';
import { Registry, type StudyBook } from './replay/registry.js';
import { Report, type Check } from './report.js';
import type { RoundFound } from './rounds.js';

const participants = ['HospitalA', 'HospitalB', 'HospitalC'];
const named = (text: string): Digest => digestOf(new TextEncoder().encode(text));
const studyWith = (compression: Compression | undefined): Study => ({
  model: { dimension: 2, tensors: [{ name: 'weights', shape: [2] }] }, encoding: { bits: 64, fractionBits: 20, clip: '8', maxWeight: 1000, ...(compression === undefined ? {} : { compression }) }, quorums: { submit: 3 }, aggregation: { mode: 'visible', rule: 'median' },
  strategy: { name: 'fedyogi', weighting: 'uniform', serverLearningRate: '0.1', f: 1, parameters: [{ name: 'beta1', value: '0.9' }, { name: 'beta2', value: '0.99' }, { name: 'tau', value: '0.001' }] },
} as unknown as Study);

/** A sealed update of one hospital and the statement about it. */
function submit({ digest, study }: StudyBook, participant: string, round: number, base: Base, contentKey: Uint8Array): { statement: Submission; blob: Uint8Array; payload: Uint8Array } {
  const at = participants.indexOf(participant);
  const payload = packUpdate(Float64Array.from(at === 2 ? [-8, 8] : [0.5 * round, 0.25 * at]), study, 1);
  const { encapsulationKey } = newKemKeys('mlkem768', new Uint8Array(64));
  const recipient = { to: 'Regulator', toRecord: named('Regulator'), suite: 'seal-mlkem768' as const, encapsulationKey };
  const from = { study: digest, epoch: 1, round, from: participant, fromRecord: named(participant), purpose: 'update' as const };
  const { ciphertext, sharedSecret } = encapsulate('mlkem768', encapsulationKey);
  const blob = sealUpdate({ ...from, recipients: [{ context: { ...recipient, ciphertext }, sharedSecret }], payload, contentKey, salt: new Uint8Array(24) });
  const statement = {
    study: digest, epoch: 1, round, participant, record: named(participant), after: { kind: 'opening' }, base, blob: digestOf(blob), blobBytes: blob.length,
    sealed: [{ to: 'Regulator', record: named('Regulator'), suite: 'seal-mlkem768', keyIds: [] }], numExamples: 10, software: 'test',
  } satisfies Submission;
  return { statement, blob, payload };
}

for (const compression of [undefined, { kind: 'int8', errorFeedback: true }] satisfies (Compression | undefined)[]) describe(`recomputing rounds with a rule and a state${compression === undefined ? '' : ', of compressed updates'}`, () => {
  const study = studyWith(compression);
  const book = { digest: named('study'), study } as StudyBook;
  let folder = '';
  const keys = new Map<string, Uint8Array>();
  const rounds: RoundFound[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recompute-'));
    const put = (bytes: Uint8Array): Promise<void> => writeFile(join(folder, digestOf(bytes).replace(':', '-')), bytes);
    let last: Before = { footing: { base: 'zeros' }, parameters: new Float32Array(2), state: initialState(study, 2), participants: 3 };
    for (const round of [1, 2, 3]) {
      const sent = participants.map((participant) => ({ contentKey: sha256(new TextEncoder().encode(`${participant} ${round}`)), participant }));
      const sealed = sent.map(({ participant, contentKey }) => ({ contentKey, ...submit(book, participant, round, last.footing.base, contentKey) }));
      for (const { blob } of sealed) await put(blob);
      for (const { statement, contentKey } of sealed) keys.set(submissionDigest(statement), contentKey);
      const set = sealed.map(({ statement }) => ({ participant: statement.participant, digest: submissionDigest(statement) }));
      const found: Aggregated = aggregate(study, last, set, new Map(sealed.map(({ statement, payload }) => [statement.participant, judgeUpdate(study, statement, payload)])));
      expect(found.result).to.deep.include({ outcome: 'model', set: setDigest(set) });
      const witness = witnessOf(book.digest, round, 'Regulator', found.words!);
      rounds.push({
        number: round, epoch: { participants: participants.map((mspId) => ({ mspId })) } as unknown as Epoch, opened: { ...last.footing, openedAt: 0 },
        round: { slots: new Map(), attestations: new Map([['Regulator', { statement: { witness } }]]), submitted: sealed.map(({ statement }) => ({ digest: submissionDigest(statement), statement, block: 1 })) } as unknown as RoundFound['round'],
        state: { state: 'final', set, result: found.result, attesters: ['Regulator'], dissent: [], endedAt: 0 } satisfies RoundState,
      });
      await put(encodeModel(found.model!));
      await put(encodeState(found.state!));
      last = { footing: { base: found.result.model!, state: found.result.state! }, parameters: found.model!, state: found.state!, participants: 3 };
    }
  });
  after(async () => { await rm(folder, { recursive: true }); });

  const check = async (found: readonly RoundFound[], contentKeys: ContentKeys = keys): Promise<Check> => {
    const report = new Report(named('genesis'));
    await checkAggregates(book, found, await Blobs.in([folder]), { contentKeys, reveals: [] }, new Registry(), report);
    return report.checks().find(({ name }) => name === 'aggregate.recomputed')!;
  };
  /** A round of which something else was attested. */
  const lied = (at: number, change: object): RoundFound[] => rounds.map((round, i) => (i === at ? { ...round, state: { ...round.state, result: { ...(round.state as { result: object }).result, ...change } } as RoundState } : round));

  it('finds all rounds right, also where it cannot open the first and takes its state from a folder', async () => {
    expect((await check(rounds)).result).to.equal('pass');
    const firstSet = new Set(rounds[0]!.round.submitted.map(({ digest }) => digest as string));
    const found = await check(rounds, new Map([...keys].filter(([digest]) => !firstSet.has(digest))));
    expect(found).to.deep.include({ result: 'absent' });
    expect(found.message).to.match(/content key .* \(round 1\)$/);
  });

  it('tells another state, another model, and a witness over something else', async () => {
    for (const [at, change] of [[0, { state: named('other') }], [1, { state: undefined }], [2, { model: named('other') }]] as const) {
      const found = await check(lied(at, change));
      expect(found).to.deep.include({ result: 'fail', object: `round ${at + 1} of ${book.digest}` });
    }
    const copied = rounds.map((round, i) => (i === 1 ? { ...round, round: { ...round.round, attestations: rounds[0]!.round.attestations } } : round));
    expect((await check(copied)).message).to.equal('its witness does not show that it had the updates');
  });

  it('tells a later round that builds on another state than the one before left', async () => {
    const wrong = rounds.map((round, i) => (i === 2 ? { ...round, opened: { ...round.opened, state: rounds[1]!.opened.state! } } : round));
    expect(await check(wrong)).to.deep.include({ result: 'fail', object: `round 3 of ${book.digest}` });
  });
});
