/** A site of a simulation: its rows, and what it keeps from round to round, as a worker keeps it in its state folder. */
import type { Spent, Study } from '@epione/protocol';
import { assertWeight, type Dataset } from '../data/dataset.js';
import { afterRound } from '../privacy/budget.js';
import { isHidden } from '../privacy/hidden-round.js';
import { seededBytes } from '../random.js';
import { strategyPart } from '../training/error-feedback.js';
import { updateOf, type LocalTask, type RoundUpdate } from '../round/local-update.js';

export class SimulatedSite {
  readonly mspId: string;
  readonly data: Dataset;
  readonly #study: Study;
  #spent: Spent | undefined;
  #norm: number | undefined;
  #carried: Float64Array | undefined;
  #next: Float64Array | undefined;

  /** @throws WorkerError WEIGHT_OUT_OF_RANGE, as a worker does at its start. */
  constructor(study: Study, mspId: string, data: Dataset) {
    assertWeight(study, data, mspId);
    this.#study = study;
    this.mspId = mspId;
    this.data = data;
  }

  /** Privacy spent so far, where the study has a budget. */
  get spent(): Spent | undefined {
    return this.#spent;
  }

  /** What the site keeps for itself: SCAFFOLD's control variate, or its local tensors; undefined before its first used update. */
  get carried(): Float64Array | undefined {
    return strategyPart(this.#study, this.#carried);
  }

  /** Charges the budget, then trains. The noise repeats with the seed, so nothing of it may leave. @throws as `updateOf`; CodedError BUDGET_SPENT. */
  async update({ seed, round, base, state }: Pick<LocalTask, 'seed' | 'round' | 'base' | 'state'>): Promise<RoundUpdate> {
    if (isHidden(this.#study)) this.#spent = afterRound(this.#study, this.#spent?.steps ?? 0, round);
    const bytes = seededBytes('simulation', seed, round, this.mspId);
    const made = await updateOf(this.#study, { seed, round, mspId: this.mspId, base, state, carried: this.#carried, data: this.data, persons: this.data.ids, norm: this.#norm, bytes });
    this.#norm = made.norm;
    this.#next = made.carried;
    return made;
  }

  /** The round has ended; what it left counts if its model was made with this site's update. */
  settle(used: boolean): void {
    if (used) this.#carried = this.#next ?? this.#carried;
    this.#next = undefined;
  }
}
