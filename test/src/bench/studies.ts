/** Opened studies whose first rounds take submissions: what a load of verified submissions needs before it. */
import type { Receipt } from '@epione/client';
import {
  digestOf, encodeSigned, sign, statementDigest, type Approval, type Digest, type Json, type Opening, type StatementName, type Study, type Submission,
} from '@epione/protocol';
import { load } from './load.js';
import { seenByAll, type Member } from './member.js';

/** An opened study, its digest and who takes part. */
export interface OpenStudy {
  readonly digest: Digest;
  readonly members: readonly Member[];
  readonly aggregators: readonly Member[];
}

/** Thirty features, as the study that ships with this repository has. */
const features = Array.from({ length: 30 }, (_, index) => ({ name: `feature ${index}`, kind: 'number', shift: '14.1', factor: '0.28', missing: 'reject' }));

function document(name: string, members: readonly Member[], aggregators: readonly Member[], rounds: number): Study {
  const ids = (of: readonly Member[]): string[] => of.map(({ mspId }) => mspId).sort();
  const majority = (count: number): number => Math.floor(count / 2) + 1;
  return {
    version: 1, name, title: 'Load of the benchmark', channel: members[0]?.ledger.channel, genesis: members[0]?.genesis, chaincode: 'epione',
    purpose: { duo: ['DUO:0000007'], reason: 'HRESCH' },
    features, label: { name: 'diagnosis', kind: 'category', categories: ['B', 'M'], missing: 'reject' },
    model: { kind: 'logistic', layers: [], tensors: [{ name: 'kernel', shape: [30, 1] }, { name: 'bias', shape: [1] }], dimension: 31, initial: 'zeros' },
    training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 8 },
    strategy: { name: 'fedavg', weighting: 'examples', serverLearningRate: '1', parameters: [] },
    encoding: { bits: 64, fractionBits: 20, clip: '8', maxWeight: 1000 },
    privacy: { unit: 'none' }, aggregation: { mode: 'visible', rule: 'mean' },
    suites: { profile: 'default', signature: 'mldsa65', sealing: ['seal-mlkem768-qkd'], qkdMissing: 'fail', qkdWaitMs: 1000 },
    participants: ids(members), aggregators: ids(aggregators), observers: [],
    quorums: { approve: majority(members.length), submit: members.length, attest: majority(aggregators.length) },
    rounds: { count: rounds, submitMs: 3_600_000, graceMs: 60_000, attestMs: 3_600_000 },
    consent: { required: false, classes: [], onWithdrawal: 'next-round' },
  } satisfies Json as unknown as Study;
}

const argumentOf = (name: StatementName, statement: object, { signer }: Member): Uint8Array => encodeSigned(sign(name, statement as Json, signer));

/** Carries out one transaction of each kind for all studies at once, and waits until every peer has them. */
async function phase(members: readonly Member[], calls: readonly { by: Member; transaction: string; argument: () => Uint8Array }[], inFlight: number): Promise<void> {
  const committed: Receipt[] = [];
  await load(calls.map(({ by, transaction, argument }) => async () => committed.push(await by.ledger.transact(transaction, argument()))), inFlight);
  await seenByAll(members, committed);
}

/**
 * Registers, approves and opens studies in which every member takes part.
 * @param label distinguishes these studies from others on the same channel.
 * @param aggregators members that own a peer.
 */
export async function openStudies(label: string, count: number, members: readonly Member[], aggregators: readonly Member[], inFlight = 32, rounds = 1): Promise<OpenStudy[]> {
  const sorted = members.toSorted((a, b) => (a.mspId < b.mspId ? -1 : 1));
  const documents = Array.from({ length: count }, (_, index) => document(`${label}-${index}`, sorted, aggregators, rounds));
  const entries = documents.map((study, index) => ({ study, digest: statementDigest('study', study), by: sorted[index % sorted.length] as Member }));
  const approvalOf = (subject: Digest, { mspId, record }: Member): Approval => ({ subject, member: mspId, record, decision: 'approve' });
  await phase(members, entries.map(({ study, by }) => ({ by, transaction: 'Study:registerStudy', argument: () => argumentOf('study', study, by) })), inFlight);
  const approvals = entries.flatMap(({ digest }) => sorted.map((by) => ({ by, transaction: 'Study:approve', argument: () => argumentOf('approval', approvalOf(digest, by), by) })));
  await phase(members, approvals, inFlight);
  const openings = entries.map(({ study, digest, by }) => {
    const opening: Opening = {
      study: digest, member: by.mspId, record: by.record,
      approvals: sorted.map((member) => ({ member: member.mspId, approval: statementDigest('approval', approvalOf(digest, member)) })),
      epoch: { epoch: 1, from: 1, participants: sorted.map(({ mspId, record }) => ({ mspId, record })), aggregators: study.aggregators, quorum: study.quorums.attest },
    };
    return { by, transaction: 'Study:openStudy', argument: () => argumentOf('opening', opening, by) };
  });
  await phase(members, openings, inFlight);
  return entries.map(({ digest }) => ({ digest, members: sorted, aggregators }));
}

/** A member's signed submission into the first round, as the argument of `Round:submit`. No blob is made: the ledger holds its digest only. */
export function submissionArgument({ digest, aggregators }: OpenStudy, by: Member): Uint8Array {
  const sealed = aggregators
    .filter(({ mspId }) => mspId !== by.mspId)
    .map(({ mspId, record }) => ({ to: mspId, record, suite: 'seal-mlkem768-qkd' as const, keyIds: [crypto.randomUUID()] }))
    .sort((a, b) => (a.to < b.to ? -1 : 1));
  const statement: Submission = {
    study: digest, epoch: 1, round: 1, participant: by.mspId, record: by.record, after: { kind: 'opening' }, base: 'zeros',
    blob: digestOf(new TextEncoder().encode(`${digest} ${by.mspId}`)), blobBytes: 1000, sealed, numExamples: 100, software: 'benchmark',
  };
  return argumentOf('submission', statement, by);
}
