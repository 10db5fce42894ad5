/** What a site has spent of a study's privacy budget: on the disk before an update is made, and charged once for each update that may leave. */
import type { DatabaseSync } from 'node:sqlite';
import { CodedError, spentAfter, stepsPerRound, type BudgetTerms, type Slot, type Spent, type Study } from '@epione/protocol';

/** What has been spent and what may be. */
export interface BudgetReport extends Spent {
  /** The study's epsilon. */
  readonly budget: string;
}

/** A study with a budget, as far as its price goes. */
type Priced = Pick<Study, 'training'> & { readonly privacy: BudgetTerms };

/** What has been spent after one more round. @throws CodedError BUDGET_SPENT when that is more than the study's budget. */
export function afterRound(study: Priced, steps: number, round: number): Spent {
  const spent = spentAfter(study.privacy, steps + stepsPerRound(study));
  if (Number(spent.epsilon) <= Number(study.privacy.epsilon)) return spent;
  throw new CodedError('BUDGET_SPENT', `round ${round} would bring epsilon to ${spent.epsilon} at delta ${spent.delta}, the study's budget is ${study.privacy.epsilon}`);
}

/** One site's charges in one study. */
export class Budget {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Steps spent so far; undefined before the first charge. */
  get steps(): number | undefined {
    return (this.#database.prepare('SELECT max(steps) AS steps FROM privacy_charge').get()?.['steps'] ?? undefined) as number | undefined;
  }

  /** The last charge, for the status. */
  get report(): BudgetReport | undefined {
    const row = this.#database.prepare('SELECT steps, epsilon, delta, budget FROM privacy_charge ORDER BY steps DESC LIMIT 1').get();
    return row === undefined ? undefined : { steps: row['steps'] as number, epsilon: row['epsilon'] as string, delta: row['delta'] as string, budget: row['budget'] as string };
  }

  /** Epsilon spent once a round was charged, by round. */
  byRound(): ReadonlyMap<number, string> {
    return new Map(this.#database.prepare('SELECT round, epsilon FROM privacy_charge ORDER BY steps').all().map((row) => [row['round'] as number, row['epsilon'] as string]));
  }

  /** The clipping norm that the last update left; undefined before one was sealed. */
  get norm(): number | undefined {
    return this.#database.prepare('SELECT norm FROM privacy_charge WHERE sealed = 1 AND norm IS NOT NULL ORDER BY steps DESC LIMIT 1').get()?.['norm'] as number | undefined;
  }

  /** Takes over what the ledger knows of a site that lost its state, so that a lost disk gives no budget back. */
  carryOver(terms: BudgetTerms, steps: number): void {
    if (steps > (this.steps ?? 0)) this.#insert(0, terms, spentAfter(terms, steps), true);
  }

  #insert(round: number, terms: BudgetTerms, { steps, epsilon, delta }: Spent, sealed: boolean): void {
    this.#database.prepare('INSERT INTO privacy_charge (steps, round, epsilon, delta, budget, sealed) VALUES (?, ?, ?, ?, ?, ?)').run(steps, round, epsilon, delta, terms.epsilon, sealed ? 1 : 0);
  }

  /**
   * Charges a round before its update is made. A round whose update was never sealed is not charged again, however often the worker is
   * killed; one whose sealed update was given up is, because that update may have left.
   * @returns what has been spent, this round included.
   * @throws CodedError BUDGET_SPENT when the round would cost more than is left; nothing is charged then.
   */
  charge(study: Priced, round: number): Spent {
    const terms = study.privacy;
    const open = this.#database.prepare('SELECT steps FROM privacy_charge WHERE round = ? AND sealed = 0').get(round)?.['steps'] as number | undefined;
    if (open !== undefined) return spentAfter(terms, open);
    const spent = afterRound(study, this.steps ?? 0, round);
    this.#insert(round, terms, spent, false);
    return spent;
  }
}

/** Steps that a site's slots of earlier rounds show; a retraction hides its number, so it counts as one round more. */
export function stepsOnLedger(study: Pick<Study, 'privacy' | 'training'>, slots: readonly Slot[]): number {
  return slots.reduce((steps, slot) => (slot.kind === 'submission' ? Math.max(steps, slot.statement.privacy?.steps ?? 0) : steps + stepsPerRound(study)), 0);
}
