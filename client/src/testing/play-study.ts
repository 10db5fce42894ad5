/** Plays a small study on a real network with real keys, seals and signatures: what tests and recorded fixtures are made from. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeSum, deriveRound, digestOf, encapsulate, encodeModel, encodeUpdate, evidenceAfter, fromBase64Url, liveSet, openRound, readStudy,
  sealUpdate, setDigest, sign, sumVectors, toBase64Url, witnessOf,
  type Base, type Course, type Digest, type OpeningEvidence, type Result, type Study, type Submission,
} from '@epione/protocol';
import type { Committed } from '../ledger/calls.js';
import type { ConnectionProfile } from '../ledger/profile.js';
import { playPrivacy } from './play-privacy.js';
import { enrol, type Player } from './player.js';

/** What a played study leaves behind beside the ledger. */
export interface Played {
  readonly study: Digest;
  /** Digests and bytes of sealed updates and models. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  readonly contentKeys: readonly { readonly submission: Digest; readonly contentKey: string }[];
  readonly models: readonly Digest[];
}

const players = ['HospitalA', 'HospitalB', 'HospitalC'];

const studyFor = (profile: ConnectionProfile, title: string, rounds: number): Study =>
  readStudy({
    version: 1,
    name: 'played',
    title,
    channel: profile.channel,
    genesis: profile.genesis,
    chaincode: profile.chaincode,
    purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
    features: [{ name: 'x', kind: 'number', missing: 'reject' }],
    label: { name: 'y', kind: 'category', missing: 'reject' },
    model: { kind: 'logistic', layers: [], tensors: [{ name: 'kernel', shape: [1, 1] }, { name: 'bias', shape: [1] }], dimension: 2, initial: 'zeros' },
    training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 },
    strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
    encoding: { bits: 64, fractionBits: 20, clip: '8', maxWeight: 1000 },
    privacy: { unit: 'none' },
    aggregation: { mode: 'visible', rule: 'mean' },
    suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768-qkd'], qkdMissing: 'fail', qkdWaitMs: 1000 },
    participants: players,
    aggregators: [...players, 'Regulator'],
    observers: [],
    quorums: { approve: 3, submit: 2, attest: 3 },
    rounds: { count: rounds, submitMs: 60_000, graceMs: 60_000, attestMs: 60_000 },
    consent: { required: false, classes: [], onWithdrawal: 'next-round' },
  });

/** Waits until a member's own peer has what others committed, because it decides what that peer endorses next. */
async function seen(player: Player, committed: readonly Committed[]): Promise<void> {
  const block = Math.max(...committed.map((entry) => entry.block ?? 0));
  while ((await player.ledger.height()) <= block) await sleep(10);
}

interface Turn {
  readonly study: Study;
  readonly digest: Digest;
  readonly round: number;
  readonly after: OpeningEvidence;
  readonly base: Base;
}

/** Seals and submits one update; QKD keys are drawn here, since nobody opens the wraps again. */
async function play(player: Player, all: readonly Player[], turn: Turn, words: Uint8Array, numExamples: number): Promise<{ blob: Uint8Array; contentKey: Uint8Array; committed: Committed }> {
  const contentKey = randomBytes(32);
  const to = all.filter((other) => other.mspId !== player.mspId);
  const recipients = to.map((other) => {
    const encapsulationKey = fromBase64Url(other.record.encapsulationKey);
    const { ciphertext, sharedSecret } = encapsulate('mlkem768', encapsulationKey);
    const keyIds = [crypto.randomUUID()];
    const link = { masterSae: player.record.saeId ?? '', slaveSae: other.record.saeId ?? '', keyIds };
    return { context: { suite: 'seal-mlkem768-qkd' as const, to: other.mspId, toRecord: other.recordDigest, encapsulationKey, ciphertext, ...link }, sharedSecret, qkdKey: randomBytes(32) };
  });
  const from = { study: turn.digest, epoch: 1, round: turn.round, purpose: 'update' as const, from: player.mspId, fromRecord: player.recordDigest };
  const blob = sealUpdate({ ...from, recipients, payload: words, contentKey, salt: randomBytes(24) });
  const statement: Submission = {
    study: turn.digest, epoch: 1, round: turn.round, participant: player.mspId, record: player.recordDigest, after: turn.after, base: turn.base,
    blob: digestOf(blob), blobBytes: blob.length, numExamples, software: 'played study',
    sealed: recipients.map(({ context }) => ({ to: context.to, record: context.toRecord, suite: context.suite, keyIds: context.keyIds })),
  };
  return { blob, contentKey, committed: await player.ledger.submit(sign('submission', statement, player.signer)) };
}

/** Submits an update and takes it back; the owner's peer must endorse the second, because the slot is its own by then. */
async function takeBack(player: Player, all: readonly Player[], turn: Turn, words: Uint8Array): Promise<{ blob: Uint8Array; contentKey: Uint8Array; committed: Committed }[]> {
  const submitted = await play(player, all, turn, words, 1);
  await seen(player, [submitted.committed]);
  const statement = { study: turn.digest, epoch: 1, round: turn.round, participant: player.mspId, record: player.recordDigest, submission: submitted.committed.digest as Digest, reason: 'CONSENT_WITHDRAWN' as const };
  const committed = await player.ledger.retract(sign('retraction', statement, player.signer));
  await Promise.all(all.map((other) => seen(other, [committed])));
  return [submitted];
}

/** Attests a model by every member; the round is final once a quorum has. */
async function attest(all: readonly Player[], turn: Turn, sum: Uint8Array, model: Digest): Promise<Committed[]> {
  const submissions = liveSet((await (all[0] as Player).ledger.getRound(turn.digest, turn.round)).slots);
  const result: Result = { outcome: 'model', base: turn.base, set: setDigest(submissions), excluded: [], model };
  return Promise.all(all.map((player) => {
    const witness = witnessOf(turn.digest, turn.round, player.mspId, sum);
    const who = { study: turn.digest, epoch: 1, round: turn.round, aggregator: player.mspId, record: player.recordDigest, after: turn.after };
    return player.ledger.attest(sign('attestation', { ...who, submissions, result, witness, software: 'played study' }, player.signer));
  }));
}

async function openStudy(all: readonly Player[], first: Player, study: Study): Promise<{ digest: Digest; course: Course }> {
  const registered = await first.ledger.registerStudy(sign('study', study, first.signer));
  const digest = registered.digest as Digest;
  await Promise.all(all.map((player) => seen(player, [registered])));
  const approvals = await Promise.all(all.map(async (player) => {
    const statement = { subject: digest, member: player.mspId, record: player.recordDigest, decision: 'approve' as const };
    return { member: player.mspId, committed: await player.ledger.approve(sign('approval', statement, player.signer)) };
  }));
  await seen(first, approvals.map((entry) => entry.committed));
  const epoch = {
    epoch: 1, from: 1, quorum: study.quorums.attest, aggregators: study.aggregators,
    participants: all.filter((player) => players.includes(player.mspId)).map(({ mspId, recordDigest }) => ({ mspId, record: recordDigest })),
  };
  const named = approvals.map(({ member, committed }) => ({ member, approval: committed.digest as Digest }));
  const opening = { study: digest, member: first.mspId, record: first.recordDigest, approvals: named, epoch };
  const opened = await first.ledger.openStudy(sign('opening', opening, first.signer));
  await Promise.all(all.map((player) => seen(player, [opened])));
  const { course } = await first.ledger.getStudy(digest);
  if (course === undefined) throw new Error('the study did not open');
  return { digest, course };
}

/** Plays a study of so many rounds among the four members whose profiles are given, on a network where none has registered. */
export async function playStudy(profiles: readonly ConnectionProfile[], title: string, rounds: number): Promise<Played> {
  using stack = new DisposableStack();
  const all = await Promise.all(profiles.map((profile) => enrol(profile)));
  for (const player of all) stack.use(player.ledger);
  const study = studyFor(profiles[0] as ConnectionProfile, title, rounds);
  const first = all[0] as Player;
  const { digest, course } = await openStudy(all, first, study);
  await playPrivacy(first);
  const blobs = new Map<Digest, Uint8Array>();
  const contentKeys: { submission: Digest; contentKey: string }[] = [];
  const models: Digest[] = [];
  let base = new Float32Array(study.model.dimension);
  let turn: Turn = { study, digest, round: 1, after: { kind: 'opening' }, base: 'zeros' };
  for (;;) {
    const current = turn;
    const vectorOf = (at: number): Uint8Array => encodeUpdate([0.5 * (at + 1), -0.25 * current.round], study.encoding, 10 * (at + 1));
    // In the last round one member takes its submission back, so that the set is smaller than the roster.
    const leaver = current.round === rounds && rounds > 1 ? all.find(({ mspId }) => mspId === players.at(-1)) : undefined;
    const taken = leaver === undefined ? [] : await takeBack(leaver, all, current, vectorOf(players.length - 1));
    await Promise.all(all.map((player) => seen(player, taken.map((entry) => entry.committed))));
    const staying = all.filter((player) => players.includes(player.mspId) && player !== leaver);
    const sealed = await Promise.all(staying.map((player) => play(player, all, current, vectorOf(players.indexOf(player.mspId)), 10 * (players.indexOf(player.mspId) + 1))));
    for (const { blob, contentKey, committed } of [...taken, ...sealed]) {
      blobs.set(digestOf(blob), blob);
      contentKeys.push({ submission: committed.digest as Digest, contentKey: toBase64Url(contentKey) });
    }
    await Promise.all(all.map((player) => seen(player, sealed.map((entry) => entry.committed))));
    const vectors = staying.map((player) => vectorOf(players.indexOf(player.mspId)));
    const sum = sumVectors(vectors, study.encoding.bits);
    base = new Float32Array(decodeSum(sum, base, study.encoding, Number(study.strategy.serverLearningRate), staying.length));
    const model = encodeModel(base);
    blobs.set(digestOf(model), model);
    models.push(digestOf(model));
    const attested = await attest(all, turn, sum, digestOf(model));
    await Promise.all(all.map((player) => seen(player, attested)));
    if (turn.round === rounds) return { study: digest, blobs, contentKeys, models };
    const records = await first.ledger.getRound(digest, turn.round);
    const epoch = course.epochs[0];
    if (epoch === undefined) throw new Error('the study has no epoch');
    const opened = openRound(study, course, 1, { kind: 'opening' }, { attestations: [] });
    const after = evidenceAfter(deriveRound(study, epoch, opened, records, 0), epoch.quorum);
    if (after === undefined) throw new Error(`round ${turn.round} did not end`);
    turn = { ...turn, round: turn.round + 1, after, base: digestOf(model) };
  }
}
