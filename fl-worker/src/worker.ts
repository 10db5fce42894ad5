/** The worker's life in one study: look at the ledger, do what is due, wait; from the first round to the last. */
import { writeFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Code, Result } from '@epione/protocol';
import { Aggregator } from './round/aggregator.js';
import { Bell } from './round/bell.js';
import { closeOrAbort, closingDue } from './round/closing.js';
import { baseModel, hasEnded, readStudyView, viewRound, type RoundView, type StudyInForce } from './round/course.js';
import { Participant, type TrainingData } from './round/participant.js';
import { passes } from './round/refusal.js';
import type { Site } from './site/site.js';
import type { StudyState } from './state/study-state.js';

/** How a worker's run ended. */
export interface Ending {
  readonly outcome: 'complete' | 'refused' | 'stopped';
  /** Digest of the last model, if any round was final. */
  readonly model?: string;
  /** Why the last round has no model. */
  readonly code?: string;
}

/** What a run may be told. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** End with `refused` after the first round that is aborted or fails, instead of going on with the next. */
  readonly stopOnAbort: boolean;
}

/** Waits until the study is open and returns it. @throws WorkerError STUDY_MISMATCH, CodedError of the ledger. */
export async function awaitStudy(site: Pick<Site, 'ledger' | 'report' | 'config'>, digest: StudyInForce['digest'], bell: Bell, signal: AbortSignal): Promise<StudyInForce | undefined> {
  while (!signal.aborted) {
    const { document, course } = await readStudyView(site.ledger, digest);
    if (course !== undefined) return { digest, document, course };
    site.report('waiting for the study to be opened', { study: digest });
    await bell.wait(site.config.pollMs, signal);
  }
  return undefined;
}

/** One organization's part in one study. */
export class Worker {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #bell: Bell;
  readonly #participant: Participant | undefined;
  readonly #aggregator: Aggregator | undefined;

  /** @param training rows of a participant; undefined for an organization that aggregates only. */
  constructor(site: Site, study: StudyInForce, state: StudyState, bell: Bell, training: TrainingData | undefined) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#bell = bell;
    this.#participant = training === undefined ? undefined : new Participant(site, study, state, training);
    this.#aggregator = study.document.aggregators.includes(site.config.mspId) ? new Aggregator(site, study, state) : undefined;
  }

  /** Runs all rounds. @throws errors that no further look can mend: refused by the ledger's rules, not authorised, broken state. */
  async run(options: RunOptions): Promise<Ending> {
    const { count } = this.#study.document.rounds;
    let before: RoundView | undefined;
    let model: string | undefined;
    for (let round = 1; round <= count; round++) {
      const ended: RoundView | undefined = await this.#throughRound(round, before, options.signal);
      if (ended === undefined) return { outcome: 'stopped', ...(model === undefined ? {} : { model }) };
      before = ended;
      if (ended.state.state === 'final') model = ended.state.result.model;
      else if (options.stopOnAbort) return { outcome: 'refused', ...(model === undefined ? {} : { model }), code: endCode(ended) ?? 'ROUND_ENDED' };
    }
    this.#state.log.now(count, 'complete');
    if (before?.state.state === 'final' && model !== undefined) return { outcome: 'complete', model };
    return { outcome: 'refused', ...(model === undefined ? {} : { model }), code: (before && endCode(before)) ?? 'ROUND_ENDED' };
  }

  /** Takes part in a round until it has ended; undefined when stopped before. */
  async #throughRound(round: number, before: RoundView | undefined, signal: AbortSignal): Promise<RoundView | undefined> {
    const { ledger, config, now, report } = this.#site;
    let watched = false;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const view = await viewRound(ledger, this.#study, round, before, now());
        if (hasEnded(view)) {
          await this.#finish(view, watched);
          return view;
        }
        if (!watched) report('round open', { round, base: view.opened.base });
        watched = true;
        const wait = await this.#step(view);
        failures = 0;
        await this.#bell.wait(Math.min(wait, config.pollMs), signal);
      } catch (error) {
        if (!passes(error)) throw error;
        failures += 1;
        report('trouble', { round, code: (error as { code: string }).code, message: (error as Error).message });
        await sleep(Math.min(100 * 2 ** failures, 5000), undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Does what is due now. @returns ms until something else may be due without an event. */
  async #step(view: RoundView): Promise<number> {
    const { state, round } = view;
    if (state.state === 'open') await this.#participant?.step(view);
    if (state.state === 'sealed') {
      this.#site.report('round sealed', { round, submissions: state.set.length });
      await this.#aggregator?.step(view, state.set);
    }
    this.#state.log.now(round, state.state);
    return this.#closeWhenDue(view);
  }

  async #closeWhenDue(view: RoundView): Promise<number> {
    const { config, now } = this.#site;
    const due = closingDue(this.#study, view);
    if (due === undefined) return config.pollMs;
    const known = this.#participant?.hindrance(view.round);
    // Whoever knows the cause goes first, so that the ledger names it; the others follow one by one, lest all collide.
    const rank = known !== undefined ? 0 : 1 + [...view.epoch.aggregators].indexOf(config.mspId);
    const wait = due.from + rank * 1000 - now();
    if (wait > 0) return Math.max(wait, 50);
    await closeOrAbort(this.#site, this.#study, view, due.kind, known ?? causeOf(view, due.kind));
    return 50;
  }

  /** The end of a round: a late attestation if this site saw it or keeps keys for the auditor, the next base, the report. */
  async #finish(view: RoundView, watched: boolean): Promise<void> {
    const { state, round, opened } = view;
    const { log, outbox } = this.#state;
    const { config, report } = this.#site;
    if (state.state === 'open' || state.state === 'sealed') return;
    if (state.state !== 'aborted' && (watched || config.keepContentKeys)) await this.#attestLate(view, state.set);
    if (state.state === 'final' && state.result.model !== undefined) await baseModel(this.#site, this.#study, state.result.model); // fetched now, while those who made it are there
    const model = state.state === 'final' ? state.result.model : undefined;
    const code = endCode(view);
    log.ended(round, { outcome: state.state, model, code, seconds: (state.endedAt - opened.openedAt) / 1000 });
    if (config.keepContentKeys) await this.#writeContentKeys();
    outbox.forget(round, config.keepContentKeys);
    report('round ended', { round, outcome: state.state, model, code });
  }

  async #attestLate(view: RoundView, set: Parameters<Aggregator['step']>[1]): Promise<void> {
    try {
      await this.#aggregator?.step(view, set);
    } catch (error) {
      this.#site.report('no late attestation', { round: view.round, message: (error as Error).message });
    }
  }

  /** For the auditor's check of the sum: the content keys of all updates that were opened, readable by their owner only. */
  async #writeContentKeys(): Promise<void> {
    const path = join(this.#site.config.state, 'content-keys.json');
    await writeFile(`${path}.draft`, `${JSON.stringify(this.#state.outbox.contentKeys(), null, 1)}\n`, { mode: 0o600 });
    await rename(`${path}.draft`, path);
  }
}

/** Why a round ended without a model. */
function endCode({ state }: RoundView): string | undefined {
  if (state.state === 'aborted') return state.reason;
  return state.state === 'failed' ? (state.result satisfies Result).code : undefined;
}

/** The code to give when no own one is known. */
function causeOf({ state }: RoundView, kind: 'close' | 'abort'): Code {
  if (state.state === 'sealed') return 'NOT_SEALED';
  return kind === 'close' ? 'NOT_SUBMITTED' : 'TOO_FEW';
}
