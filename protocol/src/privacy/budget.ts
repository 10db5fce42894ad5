/** A study's privacy in numbers: what a round costs, what has been spent after so many steps, and what a submission must say of it (PROTOCOL sections 3 and 5). */
import { refuseUnless } from '../error.js';
import { epsilonOf } from './accountant.js';
import type { Mechanism } from './mechanism.js';
import type { BudgetTerms, PrivacyTerms, Spent } from './terms.js';

/** The parts of a study that its budget depends on. */
export interface Budgeted {
  readonly privacy: PrivacyTerms;
  readonly training: { readonly localEpochs: number };
}

/** Steps of the mechanism that one round takes: a site's one update, or its epochs of random batches. */
export function stepsPerRound({ privacy, training }: Budgeted): number {
  if (privacy.unit !== 'patient') return 1;
  return training.localEpochs * (privacy.samplingRate === undefined ? 1 : Math.ceil(1 / Number(privacy.samplingRate)));
}

/**
 * The mechanism of one step. With a fixed-size sample a person is replaced, not removed: the clipped sum then moves by twice the
 * clipping norm, so the same noise counts half.
 */
export function mechanismOf({ sampling, samplingRate, noiseMultiplier }: Pick<BudgetTerms, 'sampling' | 'samplingRate' | 'noiseMultiplier'>): Mechanism {
  const noise = Number(noiseMultiplier);
  if (sampling === 'fixed') return { kind: 'fixed-size', noiseMultiplier: noise / 2, samplingRate: Number(samplingRate) };
  return { kind: 'gaussian', noiseMultiplier: noise, samplingRate: sampling === 'all' ? 1 : Number(samplingRate) };
}

/** Decimals of a stated epsilon. */
const decimals = 6;

const known = new Map<string, string>();

/** Epsilon after so many steps, rounded up to six decimals, as a statement has it. */
export function epsilonAfter(privacy: BudgetTerms, steps: number): string {
  const name = JSON.stringify([privacy, steps]);
  const found = known.get(name);
  if (found !== undefined) return found;
  const epsilon = epsilonOf(privacy.accountant, mechanismOf(privacy), steps, Number(privacy.delta));
  const text = String(Number((Math.ceil(epsilon * 10 ** decimals) / 10 ** decimals).toFixed(decimals)));
  if (known.size === 4096) known.clear();
  known.set(name, text);
  return text;
}

/** What has been spent after so many steps. */
export const spentAfter = (privacy: BudgetTerms, steps: number): Spent => ({ steps, epsilon: epsilonAfter(privacy, steps), delta: privacy.delta });

/** Whole rounds that a study's budget buys one site, at most as many as it has. */
export function roundsWithin(study: Budgeted & { readonly rounds: { readonly count: number } }): number {
  const { privacy, rounds } = study;
  if (privacy.unit === 'none') return rounds.count;
  const fits = (count: number): boolean => Number(epsilonAfter(privacy, count * stepsPerRound(study))) <= Number(privacy.epsilon);
  let [low, high] = [0, rounds.count + 1];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * What the ledger can tell of a statement without computing an epsilon: it names the study's delta, stays within its budget, and grows by
 * whole rounds from the same site's last submission. The arithmetic is the auditor's.
 * @param before what the site's submission of the round before says, if there is one.
 * @throws CodedError BAD_FIELD, BUDGET_SPENT.
 */
export function assertBudget(study: Budgeted, spent: Spent | undefined, before: Spent | undefined): void {
  const { privacy } = study;
  if (privacy.unit === 'none' || spent === undefined) {
    refuseUnless(privacy.unit === 'none' && spent === undefined, 'BAD_FIELD', 'submission.privacy: belongs to studies with a privacy unit, and to all of their submissions');
    return;
  }
  const cost = stepsPerRound(study);
  refuseUnless(spent.delta === privacy.delta, 'BAD_FIELD', `submission.privacy.delta: the study's is ${privacy.delta}`);
  refuseUnless(spent.steps % cost === 0, 'BAD_FIELD', `submission.privacy.steps: a round takes ${cost}`);
  refuseUnless(spent.steps >= (before?.steps ?? 0) + cost, 'BAD_FIELD', `submission.privacy.steps: ${before?.steps ?? 0} were spent before, and a round takes ${cost}`);
  refuseUnless(Number(spent.epsilon) >= Number(before?.epsilon ?? 0), 'BAD_FIELD', 'submission.privacy.epsilon: falls');
  refuseUnless(Number(spent.epsilon) <= Number(privacy.epsilon), 'BUDGET_SPENT', `epsilon ${spent.epsilon} is above the study's ${privacy.epsilon}`);
}

/** What the auditor recomputes: whether the stated epsilon is that of the steps, to the last stated digit (platforms differ in the last bit of exp and ln). */
export const isPriced = (privacy: BudgetTerms, { steps, epsilon }: Spent): boolean => Math.abs(Number(epsilonAfter(privacy, steps)) - Number(epsilon)) < 1.5 * 10 ** -decimals;
