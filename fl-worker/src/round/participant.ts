/** The participant's part in a round: train, encode, seal, submit; every step can be cut off and taken up again. */
import { digestOf, lastRound, latestEpoch, maskUpdate, padNeed, sign, slotOwner, submissionDigest, type Access, type Code, type Retraction, type Roster, type Slot, type Spent } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import type { Rekeying } from '../masked/rekeying.js';
import { rosterOf } from '../masked/revealer.js';
import { sharedInRound } from '../masked/set-up.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { stepsOnLedger } from '../privacy/budget.js';
import { isHidden, type HiddenStudy } from '../privacy/hidden-round.js';
import { anyWithdrawn, consentedRows } from './consented-rows.js';
import { baseModel, serverState, type RoundView, type StudyInForce } from './course.js';
import { updateOf, wordsOf } from './local-update.js';
import { codeOf, costsRound, isQkd } from './refusal.js';
import { mayFallBack, recipientKeys, sealSubmission, type LocalUpdate, type RecipientKey } from './seal.js';

/** Takes part in a study's rounds, one after the other. */
export class Participant {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #data: Dataset;
  readonly #rekeying: Rekeying;
  /** The round's local update, kept while keys are waited for. */
  #update: { round: number; update: LocalUpdate } | undefined;
  #satOut = 0;
  #spent = false;
  #waiting: { round: number; since: number; code: Code } | undefined;

  constructor(site: Site, study: StudyInForce, state: StudyState, data: Dataset, rekeying: Rekeying) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#data = data;
    this.#rekeying = rekeying;
  }

  /** Whether this site's privacy budget does not allow another round. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Why this site's submission of a round is still missing; undefined when it is not, or the reason is not known. */
  hindrance(round: number): Code | undefined {
    return this.#waiting?.round === round ? this.#waiting.code : undefined;
  }

  /** Does what is due in an open round. Trouble with QKD keys, or a recipient whose record is revoked, is noted and tried again at the next call. @throws errors that stop the worker, and passing ones. */
  async step(view: RoundView): Promise<void> {
    const { config, report } = this.#site;
    const { round } = view;
    const mine = view.records.slots.find((slot) => slotOwner(slot) === config.mspId);
    const stored = this.#state.outbox.find('submission', round);
    if (this.#satOut === round) return;
    if (stored?.committed) return this.#retractWhenDue(view, mine);
    if (mine !== undefined) {
      // The ledger has a submission, whatever became of the answer; without an outbox entry the state folder was lost.
      if (stored === undefined) this.#sitOut(round, 'ALREADY_SUBMITTED');
      else this.#state.outbox.committed('submission', round);
      return;
    }
    if (this.#holdsBack(view)) {
      report('waiting for new pair keys', { round });
      return;
    }
    try {
      if (stored === undefined) await this.#prepare(view);
      await this.#submit(round);
      this.#waiting = undefined;
    } catch (error) {
      if (isQkd(error)) this.#wait(round, codeOf(error) as Code, error as Error, 'waiting for a QKD key');
      else if (codeOf(error) === 'RECORD_NOT_CURRENT') this.#wait(round, 'RECORD_NOT_CURRENT', error as Error, 'waiting for a record');
      else if (codeOf(error) === 'BUDGET_SPENT') this.#endTraining(round, error as Error);
      else if (codeOf(error) === 'PAIR_KEY_MISSING') {
        this.#rekeying.ask(view.epoch.epoch);
        this.#wait(round, 'PAIR_KEY_MISSING', error as Error, 'waiting for a new epoch');
      } else if (costsRound(error)) this.#sitOut(round, codeOf(error) ?? 'UNAVAILABLE', error as Error);
      else throw error;
    }
    if (this.#waiting === undefined) report('waiting for the others', { round });
  }

  /**
   * In the last round of an epoch's pair keys this site submits once the next epoch is open, because that opens while the round
   * runs and not after it; but not longer than half of the time to submit, since the round counts too.
   */
  #holdsBack({ round, epoch, opened }: RoundView): boolean {
    const { document, course } = this.#study;
    const { aggregation, rounds } = document;
    if (aggregation.mode === 'visible' || round >= lastRound(document, course) || latestEpoch(course).from > round) return false;
    return round + 1 >= epoch.from + aggregation.epochRounds && this.#site.now() < opened.openedAt + rounds.submitMs / 2;
  }

  #wait(round: number, code: Code, error: Error, told: string): void {
    const { now, report } = this.#site;
    this.#waiting = { round, since: this.#waiting?.round === round ? this.#waiting.since : now(), code };
    report(told, { round, code, message: error.message });
  }

  /** The privacy budget is spent: this site trains no more. It goes on aggregating while others have something left. */
  #endTraining(round: number, error: Error): void {
    this.#spent = true;
    this.#waiting = { round, since: this.#site.now(), code: 'BUDGET_SPENT' };
    this.#sitOut(round, 'BUDGET_SPENT', error);
  }

  #sitOut(round: number, code: string, error?: Error): void {
    this.#satOut = round;
    this.#site.report('sitting this round out', { round, code, message: error?.message });
  }

  /** Takes the submission back when a person has withdrawn before the seal and the study wants it so. */
  async #retractWhenDue(view: RoundView, mine: Slot | undefined): Promise<void> {
    const { round } = view;
    const { config, ledger, own, keys, report } = this.#site;
    if (mine?.kind !== 'submission' || this.#study.document.consent.onWithdrawal !== 'retract') return;
    if (!(await anyWithdrawn(this.#site, this.#study, view, this.#state.outbox.subjects(round)))) return;
    const submission = submissionDigest(mine.statement);
    const statement: Retraction = { study: this.#study.digest, epoch: view.epoch.epoch, round, participant: config.mspId, record: own.digest, submission, reason: 'CONSENT_WITHDRAWN' };
    try {
      await ledger.retract(sign('retraction', statement, keys.signer));
      report('retracted', { round, submission, code: statement.reason });
    } catch (error) {
      if (!costsRound(error)) throw error; // sealed meanwhile: the next round runs without the person
    }
  }

  async #prepare(view: RoundView): Promise<void> {
    const { round } = view;
    const { log, outbox, ring, carried } = this.#state;
    const { elapsed, report } = this.#site;
    const update = await this.#localUpdate(view);
    const keys = await log.measure(round, 'keys', elapsed, () => recipientKeys(this.#site, this.#study, view, ring, this.#mayFallBack(round)));
    report('keys ready', { round, suites: [...new Set(keys.map((key) => key.suite))] });
    await log.measure(round, 'sealing', elapsed, async () => {
      const sealable = this.#study.document.aggregation.mode === 'masked' ? await this.#masked(view, update) : update;
      const { signed, contentKey } = await sealSubmission(this.#site, this.#study, view, sealable, keys);
      if (update.carried !== undefined) carried.keep(round, update.carried);
      outbox.keepSubmission(signed, contentKey, sealable);
    });
    log.usedBits(round, usedBits(keys) + 8 * (padNeed(this.#study.document)?.bytes ?? 0) * (view.epoch.participants.length - 1));
    report('sealed', { round, rows: update.numExamples });
  }

  /** The update under its masks, with what lets the others take them off again. */
  async #masked(view: RoundView, update: LocalUpdate): Promise<LocalUpdate> {
    const shared = await sharedInRound(this.#site, this.#study, this.#state, view.epoch, view.round);
    const roster = rosterOf(this.#study, view);
    const { own, random } = this.#draw(roster, update.words);
    const { words, commitments, bundles } = maskUpdate(update.words, this.#study.document.encoding.bits, roster, this.#site.config.mspId, own, shared, random);
    return { ...update, words, further: [{ kind: 'commitments', bytes: commitments }, ...bundles.map(({ to, bytes }) => ({ kind: 'bundle' as const, to, bytes }))] };
  }

  /** b and what deals its shares, stored before they are used. */
  #draw({ round, participants, expansion }: Roster, words: Uint8Array): { readonly own: Uint8Array; readonly random: (bytes: number) => Uint8Array } {
    const { random } = this.#site;
    const { masks } = this.#state;
    if (expansion === 'mask-otp') {
      const { own, coefficients } = masks.drawOnce(round, digestOf(words), () => ({ own: random(32), coefficients: random(32 * participants.length) }));
      let used = 0;
      return { own, random: (bytes) => coefficients.subarray(used, used += bytes) };
    }
    const own = random(32);
    masks.keepOwn(round, own);
    return { own, random };
  }

  /** With `fallback`: once this round has waited for QKD as long as the study says. */
  #mayFallBack(round: number): boolean {
    const waiting = this.#waiting?.round === round && this.#waiting.code !== 'RECORD_NOT_CURRENT' ? this.#waiting : undefined;
    return mayFallBack(this.#study.document, waiting && this.#site.now() - waiting.since);
  }

  async #localUpdate(view: RoundView): Promise<LocalUpdate> {
    if (this.#update?.round === view.round) return this.#update.update;
    const update = await this.#train(view);
    this.#update = { round: view.round, update };
    return update;
  }

  async #train(view: RoundView): Promise<LocalUpdate> {
    const { round } = view;
    const { document } = this.#study;
    const { config, report, elapsed } = this.#site;
    this.#state.log.now(round, 'training');
    await this.#state.log.once('access', () => this.#logAccess());
    const base = await baseModel(this.#site, this.#study, view.opened.base);
    const state = await serverState(this.#site, this.#study, view.opened.state);
    const { data, consent, subjects, persons } = await this.#state.log.measure(round, 'ledger', elapsed, () => consentedRows(this.#site, this.#study, view, this.#data));
    return this.#state.log.measure(round, 'training', elapsed, async () => {
      const spent = isHidden(document) ? await this.#charge(round, document) : undefined;
      const { mspId, seed } = config;
      const { norm, ...trained } = await updateOf(document, { seed, round, mspId, base, state, carried: this.#state.carried.before(round), data, persons, norm: this.#state.budget.norm, bytes: this.#site.random, onEpoch: (epoch) => { report('epoch', { round, epoch, of: document.training.localEpochs }); } });
      const words = wordsOf(document, trained, data.rows);
      report('trained', { round, rows: data.rows });
      const { carried } = trained;
      return {
        words, numExamples: data.rows, subjects, ...(consent === undefined ? {} : { consent }), ...(carried === undefined ? {} : { carried }),
        ...(spent === undefined || norm === undefined ? {} : { hidden: { spent, norm } }),
      };
    });
  }

  /** Charges the privacy budget, before an update is made. */
  async #charge(round: number, study: HiddenStudy): Promise<Spent> {
    const { budget } = this.#state;
    if (budget.steps === undefined) budget.carryOver(study.privacy, stepsOnLedger(study, await this.#earlierSlots(round)));
    const spent = budget.charge(study, round);
    this.#site.report('privacy charged', { round, epsilon: spent.epsilon, delta: spent.delta, budget: study.privacy.epsilon });
    return spent;
  }

  /** What the ledger holds of this site's part in the rounds before. */
  async #earlierSlots(round: number): Promise<Slot[]> {
    const { ledger, config } = this.#site;
    const found: Slot[] = [];
    for (let before = 1; before < round; before++) found.push(...(await ledger.getRound(this.#study.digest, before)).slots.filter((slot) => slotOwner(slot) === config.mspId));
    return found;
  }

  /** Before data are used for a study for the first time, the ledger says so. */
  async #logAccess(): Promise<void> {
    const { ledger, keys, own, config } = this.#site;
    const { digest, document } = this.#study;
    const { duo, reason } = document.purpose;
    const access: Access = {
      channel: document.channel, genesis: document.genesis, mspId: config.mspId, record: own.digest,
      actor: 'fl-worker', action: 'train', object: digest, purpose: [...duo, reason].join(' '),
    };
    await ledger.appendAccess(sign('access', access, keys.signer));
  }

  async #submit(round: number): Promise<void> {
    const { log, outbox } = this.#state;
    const stored = outbox.find('submission', round);
    if (stored === undefined) return;
    log.now(round, 'submitting');
    const { digest } = await log.measure(round, 'ledger', this.#site.elapsed, () => this.#site.ledger.submit(stored.signed));
    outbox.committed('submission', round);
    this.#site.report('submitted', { round, submission: digest });
  }
}

const usedBits = (keys: readonly RecipientKey[]): number => keys.reduce((sum, { qkd }) => sum + (qkd === undefined ? 0 : qkd.key.length * 8), 0);
