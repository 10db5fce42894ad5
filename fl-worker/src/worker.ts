/** The worker's life in one study: look at the ledger, do what is due, wait; from the first round to the last. */
import { writeFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { epochOf, lastRound, membersIn, participantsOf, usedIn, type Code, type Digest, type Epoch } from '@epione/protocol';
import type { Dataset } from './data/dataset.js';
import { WorkerError } from './error.js';
import { Rekeying } from './masked/rekeying.js';
import type { RevealDesk } from './masked/reveal-desk.js';
import { Revealer } from './masked/revealer.js';
import { Aggregator } from './round/aggregator.js';
import { Bell } from './round/bell.js';
import { closeOrAbort, closingDue } from './round/closing.js';
import { Changes } from './round/changes.js';
import { baseModel, hasEnded, readCourse, serverState, viewRound, type RoundView, type StudyInForce } from './round/course.js';
import type { Evaluation } from './round/evaluation.js';
import { Participant } from './round/participant.js';
import { codeOf, passes } from './round/refusal.js';
import type { RescueDesk } from './round/rescue.js';
import type { Site } from './site/site.js';
import { nameInState } from './state/database.js';
import type { StudyState } from './state/study-state.js';

/** How a worker's run ended. */
export interface Ending {
  readonly outcome: 'complete' | 'refused' | 'stopped';
  /** Digest of the last model, if any round was final. */
  readonly model?: Digest;
  /** The last model on this site's own test rows, where it has some. */
  readonly evaluation?: Evaluation;
  /** Why the last round has no model. */
  readonly code?: string;
}

/** What a run may be told. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** End with `refused` after the first round that is aborted or fails, instead of going on with the next. */
  readonly stopOnAbort: boolean;
}

/** How long a worker stays after the last round, so that aggregators that were down can still fetch what they need, ms. */
const lingerMs = 60_000;

/** One organization's part in one study. */
export class Worker {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #bell: Bell;
  readonly #participant: Participant | undefined;
  readonly #aggregator: Aggregator;
  readonly #changes: Changes;
  readonly #rekeying: Rekeying;
  readonly #revealer: Revealer;

  /** @param training rows of a participant; undefined for an organization that aggregates only. */
  constructor(site: Site, study: StudyInForce, state: StudyState, bell: Bell, training: Dataset | undefined, rescues: RescueDesk, reveals: RevealDesk) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#bell = bell;
    this.#rekeying = new Rekeying(site, study, state);
    this.#participant = training === undefined ? undefined : new Participant(site, study, state, training, this.#rekeying);
    this.#revealer = new Revealer(site, study, state, reveals);
    this.#aggregator = new Aggregator(site, study, state, rescues, reveals);
    this.#changes = new Changes(site, study, bell);
  }

  /** Runs all rounds. @param beforeRound is called before each. @throws errors that no further look can mend: refused by the ledger's rules, not authorised, broken state. */
  async run(options: RunOptions, beforeRound: () => Promise<void>): Promise<Ending> {
    const { document } = this.#study;
    let before: RoundView | undefined;
    let model: Digest | undefined;
    const soFar = (): Pick<Ending, 'model'> => (model === undefined ? {} : { model });
    for (let round = 1; round <= document.rounds.count; round++) {
      await beforeRound();
      const ended: RoundView | 'not held' | undefined = await this.#throughRound(round, before, options.signal);
      if (ended === 'not held') break;
      if (ended === undefined) return { outcome: 'stopped', ...soFar() };
      before = ended;
      if (ended.state.state === 'final') model = ended.state.result.model;
      else if (this.#participant?.spent === true) {
        this.#state.log.now(round, 'budget spent');
        return { outcome: 'refused', ...soFar(), code: 'BUDGET_SPENT' };
      }
      else if (options.stopOnAbort) return { outcome: 'refused', ...soFar(), code: endCode(ended) ?? 'ROUND_ENDED' };
    }
    if (before !== undefined) await this.#linger(before, options.signal);
    this.#state.outbox.forget(document.rounds.count + 1, this.#site.config.keepContentKeys);
    await this.#letKeysGo(Number.POSITIVE_INFINITY);
    this.#state.log.now(before?.round ?? 0, 'complete');
    return before?.state.state === 'final' ? { outcome: 'complete', ...soFar() } : { outcome: 'refused', ...soFar(), code: (before && endCode(before)) ?? 'ROUND_ENDED' };
  }

  /** Serves on after the last round until every aggregator has attested it, or for a while. */
  async #linger({ round, aggregators, state }: RoundView, signal: AbortSignal): Promise<void> {
    const { ledger, elapsed, config } = this.#site;
    const end = elapsed() + Math.min(lingerMs, this.#study.document.rounds.attestMs);
    while (state.state !== 'aborted' && elapsed() < end && !signal.aborted) {
      this.#bell.look();
      const attested = await ledger.getRound(this.#study.digest, round).then(({ attestations }) => attestations.length, () => 0);
      if (attested >= aggregators.length) return;
      await this.#bell.wait(config.pollMs, signal);
    }
  }

  /** What this site does in a round of an epoch; nothing before it joins and after it has left. */
  #role(epoch: Epoch | undefined): { readonly participant: boolean; readonly member: boolean } {
    const { mspId } = this.#site.config;
    if (epoch === undefined) return { participant: false, member: false };
    return { participant: participantsOf(epoch).includes(mspId), member: membersIn(this.#study.document, epoch).includes(mspId) };
  }

  /** Takes part in a round until it has ended; undefined when stopped before, `not held` when the study has ended earlier than planned. */
  async #throughRound(round: number, before: RoundView | undefined, signal: AbortSignal): Promise<RoundView | 'not held' | undefined> {
    const { ledger, config, now, report } = this.#site;
    const { submitMs, graceMs, attestMs } = this.#study.document.rounds;
    let watched = false;
    let current = false;
    for (let failures = 0; !signal.aborted; ) {
      try {
        // Not what events have told so far: they may tell of an epoch later than a look finds the round before it ended, and under the epoch before, this site would lose the round.
        if (!current) await readCourse(ledger, this.#study);
        current = true;
        if (round > lastRound(this.#study.document, this.#study.course)) return 'not held';
        this.#bell.look();
        const view = await viewRound(ledger, this.#study, round, before, now());
        if (hasEnded(view)) {
          await this.#finish(view);
          return view;
        }
        if (!watched) report(this.#role(view.epoch).member ? 'round open' : 'round of others', { round, base: view.opened.base, due: view.opened.openedAt + submitMs + graceMs + attestMs });
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
    const role = this.#role(view.epoch);
    if (state.state === 'open' && role.participant) {
      if (this.#participant === undefined) throw new WorkerError('DATA_MISSING', `${this.#site.config.mspId} is a participant from round ${view.epoch.from} on, and its configuration names no data`, { remedy: 'Set data.train to the CSV file.' });
      await this.#participant.step(view);
    }
    if (state.state === 'sealed') {
      this.#site.report('round sealed', { round, submissions: state.set.length });
      await this.#revealer.step(view, state.set);
      if (view.aggregators.includes(this.#site.config.mspId)) await this.#aggregator.step(view, state.set);
    }
    this.#state.log.now(round, state.state);
    // Whoever is about to join sets up for its first epoch.
    await this.#changes.step(view, role.member);
    await this.#rekeying.step(view, this.#changes.roster);
    if (!role.member) return this.#site.config.pollMs;
    return this.#closeWhenDue(view);
  }

  async #closeWhenDue(view: RoundView): Promise<number> {
    const { config, now } = this.#site;
    const due = closingDue(this.#study, view);
    if (due === undefined) return config.pollMs;
    const known = view.state.state === 'open' ? this.#participant?.hindrance(view.round) : this.#aggregator.hindrance(view.round);
    // Whoever knows the cause goes first, so that the ledger names it; the others follow one by one, lest all collide.
    const rank = known !== undefined ? 0 : 1 + [...view.epoch.aggregators].indexOf(config.mspId);
    const wait = due.from + rank * 1000 - now();
    if (wait > 0) return Math.max(wait, 50);
    await closeOrAbort(this.#site, this.#study, view, due.kind, known ?? causeOf(view, due.kind));
    return 1000;
  }

  /** The end of a round: an attestation if this site has none yet, the next base, the report. */
  async #finish(view: RoundView): Promise<void> {
    const { state, round, opened } = view;
    const { log, outbox, carried } = this.#state;
    const { config, report } = this.#site;
    if (state.state === 'open' || state.state === 'sealed') return;
    const [now, next] = [this.#role(view.epoch), this.#role(epochOf(this.#study.course, round + 1))];
    if (state.state !== 'aborted' && view.aggregators.includes(config.mspId)) await this.#attempt('no late attestation', round, () => this.#aggregator.step(view, state.set));
    const model = state.state === 'final' ? state.result.model : undefined;
    if (model !== undefined && (now.member || next.member)) await this.#attempt('model not here yet', round, async () => { await baseModel(this.#site, this.#study, model); await serverState(this.#site, this.#study, serverStateOf(view)); }); // now, while those who made it are there
    carried.settle(round, counted(view, config.mspId));
    this.#state.masks.advance(round, (epochOf(this.#study.course, round + 1) ?? view.epoch).epoch);
    const code = endCode(view);
    log.ended(round, { outcome: state.state, model, code, seconds: (state.endedAt - opened.openedAt) / 1000 });
    if (config.keepContentKeys) await this.#writeContentKeys();
    outbox.forget(round, config.keepContentKeys);
    await this.#letKeysGo(opened.openedAt);
    report('round ended', { round, outcome: state.state, model, code });
  }

  /** Keys of earlier records that no round needs any more are destroyed. @param openedAt of the round that has ended. */
  async #letKeysGo(openedAt: number): Promise<void> {
    const { keys, random, report } = this.#site;
    for (const version of await keys.former.letGo(nameInState(this.#study.digest), openedAt, random)) report('destroyed former keys', { version });
  }

  /** Does what is good to have done and need not be: a fault is told and no more. */
  async #attempt(told: string, round: number, work: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#site.report(told, { round, code: codeOf(error), message: (error as Error).message });
    }
  }

  /** For the auditor's check of the sum: the content keys of all updates that were opened and the reveals that took masks off, readable by their owner only. */
  async #writeContentKeys(): Promise<void> {
    await this.#write('content-keys.json', this.#state.outbox.contentKeys());
    if (this.#study.document.aggregation.mode === 'masked') await this.#write('reveals.json', this.#state.masks.gathered());
  }

  async #write(name: string, list: readonly unknown[]): Promise<void> {
    const path = join(this.#site.config.state, name);
    await writeFile(`${path}.draft`, `${JSON.stringify(list, null, 1)}\n`, { mode: 0o600 });
    await rename(`${path}.draft`, path);
  }
}

/** Digest of the server strategy's state that a final round left. */
const serverStateOf = ({ state }: RoundView): Digest | undefined => (state.state === 'final' ? state.result.state : undefined);

/** Whether a member's update is in a round's model. */
const counted = ({ state }: RoundView, mspId: string): boolean => state.state === 'final' && usedIn(state.set, state.result).some(({ participant }) => participant === mspId);

/** Why a round ended without a model. */
function endCode({ state }: RoundView): string | undefined {
  if (state.state === 'aborted') return state.reason;
  return state.state === 'failed' ? state.result.code : undefined;
}

/** The code to give when no own one is known. */
function causeOf({ state }: RoundView, kind: 'close' | 'abort'): Code {
  if (state.state === 'sealed') return 'UNAVAILABLE';
  return kind === 'close' ? 'NOT_SUBMITTED' : 'TOO_FEW';
}
