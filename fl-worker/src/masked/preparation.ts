/** This site's set-ups by the study's policy about QKD keys that are missing: wait for them, or after a while do without. */
import type { Setup, Stored } from '@epione/protocol';
import { isQkd } from '../round/refusal.js';
import { mayFallBack } from '../round/seal.js';
import type { Site } from '../site/site.js';
import type { StudyState } from '../state/study-state.js';
import { setUp, type ComingEpoch, type SettledStudy } from './set-up.js';

/** Sets up for the epochs of one study, tried again as often as it is asked. */
export class Preparation {
  readonly #site: Site;
  readonly #study: SettledStudy;
  readonly #state: StudyState;
  #waiting: { readonly epoch: number; readonly since: number } | undefined;

  constructor(site: Site, study: SettledStudy, state: StudyState) {
    this.#site = site;
    this.#study = study;
    this.#state = state;
  }

  /** With `fallback`: once QKD keys for this epoch have been waited for as long as the study says. */
  #mayFallBack(epoch: number): boolean {
    return mayFallBack(this.#study.document, this.#waiting?.epoch === epoch ? this.#site.elapsed() - this.#waiting.since : undefined);
  }

  /** Set-ups for a coming epoch that the ledger has, this site's among them. @throws as `setUp`; a QKD key that is missing now may be there at the next call. */
  async setUp(coming: ComingEpoch): Promise<readonly Stored<Setup>[]> {
    try {
      return await setUp(this.#site, this.#study, this.#state, coming, this.#mayFallBack(coming.epoch));
    } catch (error) {
      if (isQkd(error) && this.#waiting?.epoch !== coming.epoch) this.#waiting = { epoch: coming.epoch, since: this.#site.elapsed() };
      throw error;
    }
  }
}
