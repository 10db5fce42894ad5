/** Masked rounds under the auditor's eyes: with content keys and reveals the model is recomputed, and what was revealed wrongly is told. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  aggregateMasked, concat, digestOf, encapsulate, encodeUpdate, initialState, maskUpdate, newKemKeys, newSigner, revealFor, sealUpdate, setDigest, sha256, sign, submissionDigest, sumVectors, toBase64Url, witnessOf,
  type Digest, type Epoch, type MaskSuite, type ParticipantRecord, type Reveal, type Roster, type RoundState, type Signed, type Stored, type Study, type Submission,
} from '@epione/protocol';
import { Blobs } from './blobs.js';
import { checkAggregates } from './recompute.js';
import { Registry, type StudyBook } from './replay/registry.js';
import { Report, type Check, type CheckName } from './report.js';
import type { RoundFound } from './rounds.js';

const participants = ['HospitalA', 'HospitalB', 'HospitalC', 'HospitalD'];
const set = participants.slice(0, 3); // D drops out
const bytesOf = (text: string): Uint8Array => sha256(new TextEncoder().encode(text));
const named = (text: string): Digest => digestOf(new TextEncoder().encode(text));
/** Studies that differ in how their masks come about. */
const studyWith = (expansion: MaskSuite): Study => ({
  model: { dimension: 2 }, encoding: { bits: 64, fractionBits: 20, clip: '8', maxWeight: 1000 }, quorums: { submit: 3 }, aggregation: { mode: 'masked', expansion, epochRounds: 5 },
  strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
} as unknown as Study);
const signerOf = (mspId: string): ReturnType<typeof newSigner> => newSigner('mldsa65', bytesOf(mspId));
/** K_r of a pair, or a piece of its pad: 40 bytes of words and 192 more. */
const sharedBy = (mspId: string, expansion: MaskSuite): Map<string, Uint8Array> => new Map(participants.filter((id) => id !== mspId).map((other) => {
  const name = [mspId, other].sort().join();
  return [other, concat(...Array.from({ length: 8 }, (_, at) => bytesOf(`${name} ${at}`))).subarray(0, expansion === 'mask-otp' ? 40 + 192 : 64)];
}));
const { encapsulationKey } = newKemKeys('mlkem768', new Uint8Array(64));

function submit(roster: Roster, participant: string, words: Uint8Array): { statement: Submission; blob: Uint8Array } {
  let drawn = 0;
  const masked = maskUpdate(words, 64, roster, participant, bytesOf(`own ${participant}`), sharedBy(participant, roster.expansion), () => bytesOf(`${participant} ${drawn++}`));
  const { ciphertext, sharedSecret } = encapsulate('mlkem768', encapsulationKey);
  const blob = sealUpdate({
    study: roster.study, epoch: 1, round: 1, from: participant, fromRecord: named(participant), purpose: 'masked', payload: masked.words, contentKey: bytesOf(`key ${participant}`), salt: new Uint8Array(24),
    recipients: [{ context: { to: 'Regulator', toRecord: named('Regulator'), suite: 'seal-mlkem768', encapsulationKey, ciphertext }, sharedSecret }],
    further: [{ kind: 'commitments', bytes: masked.commitments }, ...masked.bundles.map(({ to, bytes }) => ({ kind: 'bundle' as const, to, bytes }))],
  });
  return { blob, statement: {
    study: roster.study, epoch: 1, round: 1, participant, record: named(participant), after: { kind: 'opening' }, base: 'zeros', blob: digestOf(blob), blobBytes: blob.length,
    sealed: [{ to: 'Regulator', record: named('Regulator'), suite: 'seal-mlkem768', keyIds: [] }], software: 'test',
  } };
}

for (const expansion of ['mask-aes256ctr', 'mask-otp'] as const) describe(`recomputing masked rounds (${expansion})`, () => {
  const study = studyWith(expansion);
  const book = { digest: named(expansion), study } as StudyBook;
  const roster: Roster = { study: book.digest, epoch: 1, round: 1, participants, expansion };
  let folder = '';
  const ledger = new Registry();
  const contentKeys = new Map<string, Uint8Array>();
  let round: RoundFound;
  let refs: { participant: string; digest: Digest }[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'masked-'));
    for (const mspId of participants) ledger.records.set(named(mspId), { statement: { mspId, signatureSuite: 'mldsa65', signingKey: toBase64Url(signerOf(mspId).publicKey) } } as unknown as Stored<ParticipantRecord>);
    const vectors = set.map((_, at) => encodeUpdate([0.5 * at, 0.25], study.encoding, 10 + at));
    const sealed = set.map((participant, at) => submit(roster, participant, vectors[at]!));
    for (const { blob } of sealed) await writeFile(join(folder, digestOf(blob).replace(':', '-')), blob);
    for (const { statement } of sealed) contentKeys.set(submissionDigest(statement), bytesOf(`key ${statement.participant}`));
    refs = sealed.map(({ statement }) => ({ participant: statement.participant, digest: submissionDigest(statement) }));
    const sum = sumVectors(vectors, 64);
    const { result } = aggregateMasked(study, { footing: { base: 'zeros' }, parameters: new Float32Array(2), state: initialState(study, 2), participants: 4 }, refs, { sum });
    round = {
      number: 1, epoch: { epoch: 1, from: 1, participants: participants.map((mspId) => ({ mspId })) } as unknown as Epoch, opened: { base: 'zeros', openedAt: 0 },
      round: { slots: new Map(), attestations: new Map([['Regulator', { statement: { witness: witnessOf(book.digest, 1, 'Regulator', sum) } }]]), submitted: sealed.map(({ statement }) => ({ digest: submissionDigest(statement), statement, block: 1 })) } as unknown as RoundFound['round'],
      state: { state: 'final', set: refs, result, attesters: ['Regulator'], dissent: [], endedAt: 0 } satisfies RoundState,
    };
  });
  after(async () => { await rm(folder, { recursive: true }); });

  const revealOf = (participant: string, changes: Partial<Reveal> = {}, by = participant): Signed<Reveal> => sign('reveal', {
    study: book.digest, epoch: 1, round: 1, participant, record: named(participant), set: setDigest(refs), ...revealFor(roster, set, participant, bytesOf(`own ${participant}`), sharedBy(participant, expansion), []), ...changes,
  }, signerOf(by));
  const check = async (reveals: readonly Signed<Reveal>[], name: CheckName = 'aggregate.recomputed'): Promise<Check> => {
    const report = new Report(named('genesis'));
    await checkAggregates(book, [round], await Blobs.in([folder]), { contentKeys, reveals }, ledger, report);
    return report.checks().find((entry) => entry.name === name)!;
  };

  it('come to the model that was attested', async () => {
    expect(await check(set.map((id) => revealOf(id)))).to.deep.include({ result: 'pass', message: '1 rounds' });
  });

  it('lack evidence without all reveals', async () => {
    expect((await check([revealOf('HospitalA'), revealOf('HospitalB')])).message).to.equal('EVIDENCE_INCOMPLETE: the reveal of HospitalC (round 1)');
  });

  it('tell a reveal that somebody else signed, that is for another set, or says more than the set permits', async () => {
    const others = [revealOf('HospitalA'), revealOf('HospitalB')];
    const told = async (bad: Signed<Reveal>): Promise<string> => (await check([...others, bad], 'mask.reveals')).message ?? '';
    expect(await told(revealOf('HospitalC', {}, 'HospitalB'))).to.equal('it is not signed by HospitalC');
    expect(await told(revealOf('HospitalC', { set: named('another set') }))).to.include('SET_DIFFERS');
    expect(await told(revealOf('HospitalC', { pairs: [] }))).to.include('does not give the pair seeds');
  });

  it('name who revealed a wrong seed, so that the attested model does not follow', async () => {
    const wrong = await check([revealOf('HospitalA'), revealOf('HospitalB'), revealOf('HospitalC', { own: '00'.repeat(32) })]);
    expect(wrong.result).to.equal('fail');
    expect(wrong.message).to.include('REVEAL_MISMATCH').and.include('HospitalC');
  });
});
