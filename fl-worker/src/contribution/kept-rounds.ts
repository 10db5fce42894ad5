/** A study's rounds as this organization can open them again: the ledger's sets, blobs of any member, content keys of its own. */
import { lastRound, openStored, submissionDigest, unpackUpdate, usedIn, type SubmissionRef } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { baseModel, blobUrls, hasEnded, serverState, submissionIn, viewRound, type RoundView, type StudyInForce } from '../round/course.js';
import { readChecked } from '../round/opener.js';
import type { Site } from '../site/site.js';
import type { Outbox } from '../state/outbox.js';
import type { PlayedRound } from './round-game.js';

async function openAgain(site: Site, study: StudyInForce, outbox: Pick<Outbox, 'contentKey'>, view: RoundView, ref: SubmissionRef): Promise<Uint8Array> {
  const { statement } = submissionIn(view, ref);
  const contentKey = outbox.contentKey(submissionDigest(statement));
  if (contentKey === undefined) {
    throw new WorkerError('DATA_MISSING', `the content key of ${ref.participant}'s update of round ${view.round} is not kept here`, { remedy: 'An organization that is to compute contributions sets keepContentKeys before the study runs, and is an aggregator.' });
  }
  await using blob = await site.source.open(statement.blob, blobUrls(site, study, [ref.participant, ...view.epoch.aggregators]));
  return unpackUpdate(await (await openStored(await readChecked(blob, statement), contentKey)).all(), study.document);
}

/** The rounds that ended in a model, up to the first that has not ended. @throws WorkerError DATA_MISSING, BLOB_MISSING, CodedError UNOPENABLE, BLOB_MISMATCH. */
export async function* keptRounds(site: Site, study: StudyInForce, outbox: Pick<Outbox, 'contentKey'>): AsyncGenerator<PlayedRound> {
  let before: RoundView | undefined;
  for (let round = 1; round <= lastRound(study.document, study.course); round++) {
    const view = await viewRound(site.ledger, study, round, before, site.now());
    if (!hasEnded(view)) return;
    before = view;
    if (view.state.state !== 'final' || view.state.result.model === undefined) continue;
    const { set, result } = view.state;
    const words = new Map<string, Uint8Array>();
    for (const ref of usedIn(set, result)) words.set(ref.participant, await openAgain(site, study, outbox, view, ref));
    const { base, state } = view.opened;
    yield { round, model: view.state.result.model, words, participants: view.epoch.participants.length, parameters: await baseModel(site, study, base), state: await serverState(site, study, state) };
  }
}
