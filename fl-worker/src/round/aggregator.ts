/** The aggregator's part in a round: aggregate what the others sealed and this site opened, attest what came out. */
import { aggregate, aggregateMasked, footing, leftBeacon, sign, witnessOf, type Aggregated, type Attestation, type Before, type Code, type Stored, type Submission, type SubmissionRef } from '@epione/protocol';
import { maskedSum } from '../masked/masked-sum.js';
import type { RevealDesk } from '../masked/reveal-desk.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { baseModel, keepModel, keepState, serverState, submissionIn, type RoundView, type StudyInForce } from './course.js';
import { Opener } from './opener.js';
import { codeOf, costsRound } from './refusal.js';
import type { RescueDesk } from './rescue.js';
import { software } from './seal.js';
import { unusualUpdates } from './unusual.js';

/** A result with what shows it. */
type Shown = Aggregated & Pick<Attestation, 'reveals'>;

/** Recomputes a study's rounds, one after the other. */
export class Aggregator {
  readonly #site: Site;
  readonly #study: StudyInForce;
  readonly #state: StudyState;
  readonly #opener: Opener;
  readonly #reveals: RevealDesk;

  constructor(site: Site, study: StudyInForce, state: StudyState, rescues: RescueDesk, reveals: RevealDesk) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
    this.#reveals = reveals;
    this.#opener = new Opener(site, study, state, rescues);
  }

  /** Why this site's attestation of a round is still missing, where it is an update that does not open. */
  hindrance(round: number): Code | undefined {
    return this.#opener.hindrance(round);
  }

  /** Whether this site's attestation of a round is on the ledger. */
  attested(view: RoundView): boolean {
    return view.records.attestations.some((entry) => entry.statement.aggregator === this.#site.config.mspId);
  }

  /**
   * Does what is due in a sealed round, or in one that others have ended.
   * @returns false when an update could not be opened yet and another try is due.
   * @throws errors that stop the worker, and passing ones.
   */
  async step(view: RoundView, set: readonly SubmissionRef[]): Promise<boolean> {
    const { outbox, log } = this.#state;
    const { round } = view;
    if (this.attested(view)) return true;
    if (outbox.find('attestation', round) === undefined) {
      log.now(round, 'aggregating');
      const done = await log.measure(round, 'aggregation', this.#site.elapsed, () => this.#aggregate(view, set));
      if (!done) return false;
    }
    await this.#attest(round);
    return true;
  }

  async #attest(round: number): Promise<void> {
    const { outbox, log } = this.#state;
    const stored = outbox.find('attestation', round);
    if (stored === undefined || stored.committed) return;
    log.now(round, 'attesting');
    try {
      await log.measure(round, 'ledger', this.#site.elapsed, () => this.#site.ledger.attest(stored.signed));
      const { outcome, model, code } = stored.signed.statement.result;
      this.#site.report('attested', { round, outcome, model, code });
    } catch (error) {
      if (!costsRound(error)) throw error;
      this.#site.report('attestation refused', { round, code: codeOf(error), message: (error as Error).message });
    }
    outbox.committed('attestation', round);
  }

  async #aggregate(view: RoundView, set: readonly SubmissionRef[]): Promise<boolean> {
    const { document } = this.#study;
    const submissions = set.map((entry) => submissionIn(view, entry));
    const parameters = await baseModel(this.#site, this.#study, view.opened.base);
    const state = await serverState(this.#site, this.#study, view.opened.state);
    const before: Before = { footing: footing(view.opened.base, view.opened.state), parameters, state, participants: view.epoch.participants.length, ...leftBeacon(view.opened, view.round, view.records.slots, set) };
    const aggregated = document.aggregation.mode === 'masked' ? await this.#masked(view, before, set, submissions) : await this.#visible(view, before, set, submissions);
    if (aggregated === undefined) return false;
    if (aggregated.model !== undefined) await keepModel(this.#site, this.#study, aggregated.model);
    if (aggregated.state !== undefined) await keepState(this.#site, this.#study, aggregated.state);
    this.#state.outbox.keepAttestation(sign('attestation', this.#statement(view, set, aggregated), this.#site.keys.signer));
    this.#site.report('aggregated', { round: view.round, updates: set.length - aggregated.result.excluded.length, excluded: aggregated.result.excluded });
    return true;
  }

  async #visible(view: RoundView, before: Before, set: readonly SubmissionRef[], submissions: readonly Stored<Submission>[]): Promise<Shown | undefined> {
    const verdicts = await this.#opener.verdicts(view, submissions);
    if (verdicts === undefined) return undefined;
    const aggregated = aggregate(this.#study.document, before, set, verdicts);
    const unusual = aggregated.model === undefined ? [] : unusualUpdates(this.#study.document, verdicts, before.parameters, aggregated.model);
    if (unusual.length > 0) this.#site.report('unusual updates', { round: view.round, updates: unusual.map((entry) => ({ ...entry })) });
    return aggregated;
  }

  async #masked(view: RoundView, before: Before, set: readonly SubmissionRef[], submissions: readonly Stored<Submission>[]): Promise<Shown | undefined> {
    const sum = await maskedSum(this.#site, this.#study, this.#opener, this.#reveals, view, set, submissions);
    if (sum !== undefined && this.#site.config.keepContentKeys) this.#state.masks.keepGathered(view.round, sum.gathered);
    return sum && { ...aggregateMasked(this.#study.document, before, set, sum.outcome), reveals: sum.reveals };
  }

  #statement(view: RoundView, set: readonly SubmissionRef[], { result, words, reveals }: Shown): Attestation {
    const { config, own } = this.#site;
    return {
      study: this.#study.digest, epoch: view.epoch.epoch, round: view.round, aggregator: config.mspId, record: own.digest, after: view.after,
      submissions: [...set], result, ...(words === undefined ? {} : { witness: witnessOf(this.#study.digest, view.round, config.mspId, words) }), ...(reveals === undefined ? {} : { reveals }), software,
    };
  }
}
