/** A study's terms of privacy: whose presence is hidden, behind how much noise, and for what budget (PROTOCOL section 3). */
import { z } from 'zod';
import { decimal, positiveDecimal } from '../encoding/fields.js';
import { vectorNoise } from './adaptive-clipping.js';

const share = positiveDecimal.refine((value) => Number(value) <= 1, 'must be at most 1');

/** A clipping norm that follows a quantile of the norms, instead of staying where it begins. */
const adaptive = z.strictObject({
  /** Share of vectors that should stay below the norm. */
  quantile: share,
  learningRate: positiveDecimal,
  /** Deviation of the noise on the count of vectors below the norm; above half the noise multiplier. */
  countNoise: positiveDecimal,
});

const budgeted = z.strictObject({
  /** Whose data are hidden: one patient's at each site, or one site's. */
  unit: z.enum(['patient', 'site']),
  /** Euclidean norm that one unit's vector is clipped to; with `adaptive` the first one. */
  clippingNorm: positiveDecimal,
  /** Deviation of the noise over the clipping norm. */
  noiseMultiplier: positiveDecimal.refine((value) => Number(value) >= 0.1 && Number(value) <= 10_000, 'must lie between 0.1 and 10000'),
  /** The budget that one unit's data may cost over the whole study. */
  epsilon: positiveDecimal,
  delta: positiveDecimal.refine((value) => Number(value) < 0.1, 'must be below 0.1, and below one over the number of units to mean anything'),
  /** How a step's units are drawn: each by itself, so many without replacement, or all. */
  sampling: z.enum(['poisson', 'fixed', 'all']),
  /** Probability or share of a unit in one step; absent with `all`. */
  samplingRate: share.optional(),
  accountant: z.enum(['rdp', 'pld']),
  adaptive: adaptive.optional(),
});

export const privacyTerms = z.discriminatedUnion('unit', [z.strictObject({ unit: z.literal('none') }), budgeted]);
export type PrivacyTerms = z.infer<typeof privacyTerms>;
/** The terms of a study that has a budget. */
export type BudgetTerms = z.infer<typeof budgeted>;

/** The parts of a study that its terms of privacy depend on. */
interface Surrounding {
  readonly privacy: PrivacyTerms;
  readonly features: readonly { readonly missing: string }[];
  readonly model: { readonly tensors: readonly { readonly local?: true | undefined }[] };
  readonly strategy: { readonly name: string; readonly weighting: string };
  readonly encoding: { readonly clip: string };
}

function samplingFaults({ unit, sampling, samplingRate, accountant }: BudgetTerms): string[] {
  const faults: string[] = [];
  if ((sampling === 'all') !== (samplingRate === undefined)) faults.push('privacy.samplingRate: belongs to sampling poisson and fixed, and is needed there');
  if (sampling === 'fixed' && accountant === 'pld') faults.push('privacy.accountant: a fixed-size sample has no known loss distribution, use rdp');
  if (unit === 'site' && sampling !== 'all') faults.push('privacy.sampling: every site takes part in every round, so sites are not sampled: use all');
  return faults;
}

function siteFaults({ clippingNorm, noiseMultiplier }: BudgetTerms, { strategy, encoding }: Surrounding): string[] {
  const faults: string[] = [];
  if (strategy.weighting !== 'uniform') faults.push('strategy.weighting: must be uniform where a site is the unit, because its number of examples is not hidden');
  // Noise ten deviations out would exceed the encoding, and a refused update has cost its budget all the same.
  if (Number(encoding.clip) < Number(clippingNorm) * (1 + 10 * Number(noiseMultiplier))) faults.push('encoding.clip: must be at least clippingNorm * (1 + 10 * noiseMultiplier)');
  return faults;
}

/** What the terms demand of each other and of the rest of a study. */
export function privacyFaults(study: Surrounding): string[] {
  const { privacy, features, model, strategy } = study;
  if (privacy.unit === 'none') return [];
  const { unit, accountant, noiseMultiplier, delta, adaptive: adapts } = privacy;
  const faults = [...samplingFaults(privacy), ...(unit === 'site' ? siteFaults(privacy, study) : [])];
  if (accountant === 'pld' && Number(delta) < 1e-9) faults.push('privacy.delta: below 0.000000001 the pld accountant is not exact enough, use rdp');
  if (adapts !== undefined && 2 * Number(adapts.countNoise) <= Number(noiseMultiplier)) faults.push('privacy.adaptive.countNoise: must be above half the noise multiplier');
  if (strategy.name === 'scaffold' || strategy.name === 'qfedavg') faults.push(`strategy.name: ${strategy.name} sends more than an update, and no noise is priced for that`);
  if (unit === 'patient' && model.tensors.some((tensor) => tensor.local)) faults.push('model.tensors: private training shares all tensors, so none may be local');
  // A site's mean in other persons' rows would carry one person past the clipping.
  if (unit === 'patient' && features.some(({ missing }) => missing === 'mean')) faults.push('features: missing: mean lets one patient into the rows of others, use zero or reject');
  return faults;
}

/** Noise multiplier of the vectors themselves: what an adaptive norm's count leaves of it. */
export const vectorNoiseOf = ({ noiseMultiplier, adaptive: adapts }: Pick<BudgetTerms, 'noiseMultiplier' | 'adaptive'>): number =>
  adapts === undefined ? Number(noiseMultiplier) : vectorNoise(Number(noiseMultiplier), Number(adapts.countNoise));

/** What a submission says has been spent on its site's data, its own round included. */
export const spentPrivacy = z.strictObject({ steps: z.int().min(1), epsilon: decimal.refine((value) => Number(value) >= 0, 'must not be below 0'), delta: positiveDecimal });
export type Spent = z.infer<typeof spentPrivacy>;
