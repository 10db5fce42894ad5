/** What a site still keeps of a study that has ended, and what of it nobody needs any more. */
import { lastRound, type Digest } from '@epione/protocol';
import type { BlobStore, StoredBlob } from '../blobs/blob-store.js';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { hasEnded, readStudyView, viewRound, type RoundView, type StudyInForce } from '../round/course.js';
import { readState } from '../state/database.js';
import { Outbox } from '../state/outbox.js';
import type { RoundLedger } from './site.js';

/** What of the ledger tells which blobs a study names. */
export type StudyLedger = Pick<RoundLedger, 'getStudy' | 'listStudies' | 'listSetups' | 'getRound'>;

/** Why a blob of an ended study stays. */
export type Reason = 'another study' | 'first model' | 'final model' | 'evidence';

/** The blobs here that a study names: those that may go, and those that stay. */
export interface Tidying {
  readonly study: Digest;
  readonly removable: readonly StoredBlob[];
  readonly kept: readonly (StoredBlob & { readonly why: Reason })[];
}

/** All digests in statements: a superset of the blobs that they name, because a blob's name is a digest of other bytes than a statement's. */
const digestsIn = (...statements: unknown[]): Set<Digest> => new Set((JSON.stringify(statements).match(/sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g) ?? []) as Digest[]);

/** A study as far as it has come. */
interface Story {
  readonly ended: boolean;
  /** In the study's document: the model it begins with. */
  readonly first: ReadonlySet<Digest>;
  /** The last model, where a round was final. */
  readonly final: Digest | undefined;
  /** All that its statements name. */
  readonly named: ReadonlySet<Digest>;
}

async function roundsOf(ledger: StudyLedger, study: StudyInForce, now: number): Promise<RoundView[]> {
  const views: RoundView[] = [];
  for (let round = 1; round <= lastRound(study.document, study.course); round++) {
    const view = await viewRound(ledger, study, round, views.at(-1), now);
    views.push(view);
    if (!hasEnded(view)) break;
  }
  return views;
}

async function storyOf(ledger: StudyLedger, digest: Digest, now: number): Promise<Story> {
  const { document, course } = await readStudyView(ledger, digest);
  const first = digestsIn(document);
  if (course === undefined) return { ended: false, first, final: undefined, named: first };
  const views = await roundsOf(ledger, { digest, document, course }, now);
  const setups = document.aggregation.mode === 'masked' ? await Promise.all(course.epochs.map(({ epoch }) => ledger.listSetups(digest, epoch))) : [];
  const final = views.flatMap(({ state }) => (state.state === 'final' ? state.result.model ?? [] : [])).at(-1);
  const last = views.at(-1);
  return { ended: last === undefined || (hasEnded(last) && last.round === lastRound(document, course)), first, final, named: digestsIn(document, course, setups, views.map(({ records, opened }) => [records, opened])) };
}

/** Whether content keys lie here that an auditor opens this study's updates with. */
function keepsEvidence({ state, keepContentKeys }: WorkerConfig, study: Digest): boolean {
  if (keepContentKeys) return true;
  using database = readState(state, study);
  return database !== undefined && new Outbox(database).contentKeys().length > 0;
}

/**
 * Sorts a study's blobs into those that may go and those that stay: the models it began and ended with, what any other study of the
 * channel names, and all of them where content keys are kept for an auditor.
 * @param audited the auditor needs them no more. @param now ms since 1970 UTC.
 * @throws WorkerError STUDY_UNDER_WAY before its last round has ended, STUDY_MISMATCH; CodedError of the ledger.
 */
export async function planTidying(ledger: StudyLedger, blobs: BlobStore, config: WorkerConfig, study: Digest, audited: boolean, now: number): Promise<Tidying> {
  const own = await storyOf(ledger, study, now);
  if (!own.ended) throw new WorkerError('STUDY_UNDER_WAY', `the study ${study} has not ended`, { remedy: 'Its blobs are needed until its last round has ended; fl-worker study propose end ends it early.' });
  const others = (await ledger.listStudies()).filter((line) => line.study !== study);
  const named = new Set((await Promise.all(others.map((line) => storyOf(ledger, line.study as Digest, now)))).flatMap((story) => [...story.named]));
  const evidence = !audited && keepsEvidence(config, study);
  const whyKept = ({ digest }: StoredBlob): Reason | undefined => {
    if (digest === own.final) return 'final model';
    if (own.first.has(digest)) return 'first model';
    if (named.has(digest)) return 'another study';
    return evidence ? 'evidence' : undefined;
  };
  const here = blobs.list().filter(({ digest }) => own.named.has(digest)).map((blob) => ({ ...blob, why: whyKept(blob) }));
  return { study, removable: here.flatMap(({ why, ...blob }) => (why === undefined ? [blob] : [])), kept: here.flatMap(({ why, ...blob }) => (why === undefined ? [] : [{ ...blob, why }])) };
}
