/** Where a study stands: its document, its rounds as the ledger holds them, and why each is open. */
import {
  aggregatorsIn, decodeModel, decodeState, deriveRound, encodeModel, encodeState, epochOf, evidenceAfter, hashName, initialState, membersIn, openRound, readStudy, slotOwner, statementDigest, submissionDigest,
  type Base, type Course, type Digest, type Epoch, type Opened, type OpeningEvidence, type RoundRecords, type RoundState, type Setup, type Stored, type Study, type Submission, type SubmissionRef,
} from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { Site, RoundLedger, NamedRecord } from '../site/site.js';

/** An opened study. */
export interface StudyInForce {
  readonly digest: Digest;
  readonly document: Study;
  /** As last read. Epochs are only added, and never for a round that has begun, so a worker reads it anew before each round. */
  course: Course;
}

/** A round as the ledger holds it now. */
export interface RoundView {
  readonly round: number;
  readonly epoch: Epoch;
  /** Who recomputes it: all aggregators of the epoch, or the committee among them. */
  readonly aggregators: readonly string[];
  /** Why it is open; every statement on it names this. */
  readonly after: OpeningEvidence;
  readonly opened: Opened;
  /** IDs of the transactions that are this evidence; none for round 1. */
  readonly openedBy: readonly string[];
  readonly records: RoundRecords;
  readonly state: RoundState;
}

/** Whether nothing more can happen in a round that matters to the next. */
export const hasEnded = ({ state }: RoundView): boolean => state.state === 'final' || state.state === 'failed' || state.state === 'aborted';

/**
 * The study behind a digest, checked against it, because a peer's answer proves nothing.
 * @throws WorkerError STUDY_MISMATCH when the ledger has no such study or another document; CodedError STUDY_INVALID.
 */
export async function readStudyView(ledger: Pick<RoundLedger, 'getStudy' | 'listStudies'>, digest: Digest): Promise<{ document: Study; course: Course | undefined; approvedBy: readonly string[] }> {
  const view = await ledger.getStudy(digest).catch(async (error: unknown) => {
    if ((error as { code?: string }).code !== 'STUDY_UNKNOWN') throw error;
    const known = (await ledger.listStudies()).map(({ study, name }) => `${name} ${study}`);
    throw new WorkerError('STUDY_MISMATCH', `the ledger has no study ${digest}`, { cause: error, remedy: known.length === 0 ? 'No study is registered yet.' : `Registered are: ${known.join('; ')}` });
  });
  const document = readStudy(view.study.statement);
  if (statementDigest('study', document) !== digest) throw new WorkerError('STUDY_MISMATCH', `the ledger's document is not the study ${digest}`, { remedy: 'Ask the consortium which study is meant; do not run this one.' });
  return { document, course: view.course, approvedBy: view.approvals.filter(({ statement }) => statement.decision === 'approve').map(({ statement }) => statement.member) };
}

/** Brings a study's course up to date. @throws CodedError of the ledger. */
export async function readCourse(ledger: Pick<RoundLedger, 'getStudy'>, study: StudyInForce): Promise<void> {
  study.course = (await ledger.getStudy(study.digest)).course ?? study.course;
}

/** The transactions of a round that are evidence for the next one. */
function evidenceIn({ attestations, closing }: RoundRecords, after: OpeningEvidence): string[] {
  if (after.kind === 'ended') return attestations.filter(({ statement }) => after.attesters.includes(statement.aggregator)).map(({ txId }) => txId);
  return closing === undefined ? [] : [closing.txId];
}

/** Reads one round. @param before the round before, ended; absent for round 1. @throws CodedError ROUND_NOT_OPEN, STUDY_ENDED and those of the ledger. */
export async function viewRound(ledger: Pick<RoundLedger, 'getRound'>, study: StudyInForce, round: number, before: RoundView | undefined, now: number): Promise<RoundView> {
  const epoch = epochOf(study.course, round);
  const after = before === undefined ? ({ kind: 'opening' } as const) : evidenceAfter(before.state, before.epoch.quorum);
  if (epoch === undefined || after === undefined) throw new WorkerError('ROUND_NOT_OPEN', `round ${round} is not open`);
  const opened = openRound(study.document, study.course, round, after, before?.records ?? { attestations: [] });
  const records = await ledger.getRound(study.digest, round);
  const openedBy = before === undefined ? [] : evidenceIn(before.records, after);
  return { round, epoch, aggregators: aggregatorsIn(study.document, epoch, opened), after, opened, openedBy, records, state: deriveRound(study.document, epoch, opened, records, now) };
}

/** The current record of a member. @throws WorkerError RECORD_NOT_CURRENT when it has none. */
export async function currentRecord(ledger: Pick<RoundLedger, 'getParticipant'>, mspId: string): Promise<NamedRecord> {
  const { state, record } = await ledger.getParticipant(mspId);
  if (record === undefined || state?.status !== 'current') throw new WorkerError('RECORD_NOT_CURRENT', `${mspId} has no current record on the ledger`, { remedy: `${mspId} runs fl-worker init.` });
  return { digest: statementDigest('participant', record.statement), record: record.statement };
}

/** The current record of a member, without asking anew where nothing changed. @throws as `currentRecord`. */
export const memberRecord = ({ ledger, records }: Pick<Site, 'ledger' | 'records'>, mspId: string): Promise<NamedRecord> =>
  records === undefined ? currentRecord(ledger, mspId) : records.get(mspId, () => currentRecord(ledger, mspId));

/** The set-up of a member as an epoch's entry names it; nothing where there is none, as in visible mode. */
export function setupOf(setups: readonly Stored<Setup>[], mspId: string): { setup?: Digest } {
  const found = setups.find(({ statement }) => statement.participant === mspId);
  return found === undefined ? {} : { setup: statementDigest('setup', found.statement) };
}

/** Where members serve blobs, some of them first, then the others of all epochs, each looked up when it is its turn; those without a current record are left out. */
export async function* blobUrls(site: Site, { document, course }: StudyInForce, first: readonly string[] = []): AsyncGenerator<string> {
  for (const mspId of new Set([...first, ...course.epochs.toReversed().flatMap((epoch) => membersIn(document, epoch))])) {
    const found = mspId === site.config.mspId ? undefined : await memberRecord(site, mspId).catch(() => undefined);
    if (found !== undefined) yield found.record.blobUrl;
  }
}

/** The submission of a member of a set. @throws WorkerError WRONG_SET. */
export function submissionIn({ round, records }: Pick<RoundView, 'round' | 'records'>, { participant, digest }: SubmissionRef): Stored<Submission> {
  const slot = records.slots.find((entry) => slotOwner(entry) === participant);
  if (slot?.kind !== 'submission' || submissionDigest(slot.statement) !== digest) throw new WorkerError('WRONG_SET', `the ledger's set of round ${round} names another submission of ${participant} than its slot holds`);
  return slot;
}

/** A base model's parameters. @throws WorkerError BLOB_MISSING, BAD_ENCODING for a model of another size. */
export async function baseModel(site: Site, study: StudyInForce, base: Base): Promise<Float32Array> {
  const { dimension } = study.document.model;
  if (base === 'zeros') return new Float32Array(dimension);
  const parameters = decodeModel(await site.source.get(base, blobUrls(site, study)));
  if (parameters.length !== dimension) throw new WorkerError('BAD_ENCODING', `the base model ${base} has ${parameters.length} parameters, the study ${dimension}`);
  return parameters;
}

/** Keeps a model in the own blob store, where others may fetch it. */
export const keepModel = (site: Pick<Site, 'blobs'>, study: Pick<StudyInForce, 'digest'>, parameters: Float32Array): Promise<Digest> => site.blobs.put(encodeModel(parameters), hashName(study.digest));

/** The server strategy's state under a digest, the initial one without. @throws WorkerError BLOB_MISSING, CodedError BAD_ENCODING. */
export async function serverState(site: Site, study: StudyInForce, state: Digest | undefined): Promise<Float64Array> {
  const initial = initialState(study.document, study.document.model.dimension);
  return state === undefined ? initial : decodeState(await site.source.get(state, blobUrls(site, study)), initial.length);
}

/** Keeps a state in the own blob store, where others may fetch it; a strategy without one leaves nothing to keep. */
export async function keepState(site: Pick<Site, 'blobs'>, study: Pick<StudyInForce, 'digest'>, state: Float64Array): Promise<void> {
  if (state.length > 0) await site.blobs.put(encodeState(state), hashName(study.digest));
}
