/** What a masked study needs before it can be opened: this site's set-up, and those of the others, which are not waited for without end. */
import type { Digest, Study } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { codeOf, isQkd } from '../round/refusal.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { Preparation } from './preparation.js';

/** One site's wait for a study. */
export class BeforeOpening {
  readonly #site: Site;
  readonly #study: Digest;
  readonly #state: StudyState;
  #preparation: Preparation | undefined;
  /** When the study was approved and lacked set-ups first, monotonic ms. */
  #since: number | undefined;

  constructor(site: Site, study: Digest, state: StudyState) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
  }

  /**
   * Sets up once the own organization has approved, and looks who has not.
   * @throws WorkerError PAIR_KEY_MISSING when set-ups of an approved study are missing for as long as its rounds wait for submissions.
   */
  async step(document: Study, approvedBy: readonly string[]): Promise<void> {
    const { aggregation, participants, quorums, rounds } = document;
    if (aggregation.mode === 'visible') return;
    const { config, elapsed, ledger, report } = this.#site;
    this.#preparation ??= new Preparation(this.#site, { digest: this.#study, document }, this.#state);
    let cause: Error | undefined;
    if ([participants, approvedBy].every((list) => list.includes(config.mspId))) {
      await this.#preparation.setUp({ epoch: 1, from: 1, participants }).catch((error: unknown) => {
        if (!isQkd(error)) throw error;
        cause = error as Error;
      });
    }
    const there = await ledger.listSetups(this.#study, 1);
    const lacking = participants.filter((id) => !there.some(({ statement }) => statement.participant === id));
    if (lacking.length === 0 || approvedBy.length < quorums.approve) return;
    this.#since ??= elapsed();
    this.#state.log.now(0, 'waiting for pair keys');
    report('waiting for pair keys', { of: lacking.join(), code: codeOf(cause), message: cause?.message });
    if (elapsed() - this.#since < rounds.submitMs) return;
    const own = cause === undefined ? '' : `; here: ${cause.message}`;
    throw new WorkerError('PAIR_KEY_MISSING', `the study cannot be opened: pair keys of ${lacking.join(', ')} have been missing for ${rounds.submitMs / 1000} s${own}`, { cause, remedy: 'See to the quantum links of these sites (qkd-sim status) and that their workers run; then run again.' });
  }
}
