/** New pair keys in time: every participant sets up before an epoch's keys are used up, its roster changes or one of them asks for it; then one opens the epoch. */
import { latestEpoch, lastRound, membersIn, participantsOf, type Epoch, type Setup, type Stored } from '@epione/protocol';
import { openEpoch } from '../round/changes.js';
import { readCourse, type RoundView, type StudyInForce } from '../round/course.js';
import { codeOf } from '../round/refusal.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { Preparation } from './preparation.js';

/** Watches over one study's epochs of masked mode. */
export class Rekeying {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #preparation: Preparation;
  /** When all set-ups were there first, monotonic ms, by round. */
  readonly #ready = new Map<number, number>();
  #lacking = 0;
  #lookedAt = -Infinity;

  constructor(site: Site, study: StudyInForce, state: StudyState) {
    this.#site = site;
    this.#study = study;
    this.#preparation = new Preparation(site, study, state);
  }

  /** This site lacks a pair key of an epoch, and asks for another one. */
  ask(epoch: number): void {
    this.#lacking = epoch;
  }

  /**
   * Does what is due during a round for the next one.
   * @param roster participants of an approved change of the roster, whose proposer opens the epoch.
   */
  async step(view: RoundView, roster: readonly string[] | undefined): Promise<void> {
    const { document, digest } = this.#study;
    const { aggregation } = document;
    const { config, elapsed, ledger } = this.#site;
    if (aggregation.mode === 'visible' || elapsed() - this.#lookedAt < config.pollMs) return;
    this.#lookedAt = elapsed();
    await readCourse(ledger, this.#study);
    const { course } = this.#study;
    const last = latestEpoch(course);
    const from = view.round + 1;
    if (last.from >= from || from > lastRound(document, course)) return;
    const participants = roster ?? participantsOf(last);
    const there = await ledger.listSetups(digest, last.epoch + 1);
    if (roster === undefined && from < last.from + aggregation.epochRounds && !this.#isAsked(last, there, from)) return;
    try {
      const coming = { epoch: last.epoch + 1, from, participants };
      const setups = participants.includes(config.mspId) ? await this.#preparation.setUp(coming) : there;
      const ready = participants.every((id) => setups.some(({ statement }) => statement.participant === id && statement.from === from));
      if (ready && roster === undefined) await this.#open(view, last);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#site.report('new pair keys must wait', { round: view.round, code: codeOf(error), message: (error as Error).message });
    }
  }

  /** Whether a participant wants new pair keys from a round on: it has written its set-up, or this site lacks a key or has another record than the epoch's. */
  #isAsked(last: Epoch, there: readonly Stored<Setup>[], from: number): boolean {
    const { config, own } = this.#site;
    const mine = last.participants.find(({ mspId }) => mspId === config.mspId);
    return there.some(({ statement }) => statement.from === from) || this.#lacking === last.epoch || (mine !== undefined && mine.record !== own.digest);
  }

  /** One member after the other, lest all collide. */
  async #open(view: RoundView, last: Epoch): Promise<void> {
    const { config, elapsed, ledger, report } = this.#site;
    const rank = membersIn(this.#study.document, last).indexOf(config.mspId);
    const since = this.#ready.get(view.round) ?? elapsed();
    this.#ready.set(view.round, since);
    if (rank < 0 || elapsed() - since < rank * 1000) return;
    const { epoch } = await openEpoch(this.#site, this.#study, view);
    await readCourse(ledger, this.#study);
    report('opened an epoch', { epoch: epoch.epoch, from: epoch.from, participants: participantsOf(epoch) });
  }
}
