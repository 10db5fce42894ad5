/** `strategy` and `aggregation.rule` of a study: their schema, what they demand of each other, and how they are read. */
import { z } from 'zod';
import { decimal, label, mspId, positiveDecimal, sortedBy } from '../encoding/fields.js';
import { ROBUST_RULES, type RobustRule, type RobustRuleName } from './robust-rule.js';
import type { ServerStrategy } from './server-strategy.js';
import { maskSuite } from '../crypto/suites.js';
import { positive, type Ranges, type Settings } from './setting.js';
import { STRATEGIES, type StrategyName } from './strategies.js';

/** Schema of `strategy`. */
export const strategy = z.strictObject({
  name: z.enum(Object.keys(STRATEGIES) as [StrategyName, ...StrategyName[]]),
  weighting: z.enum(['examples', 'uniform']),
  serverLearningRate: positiveDecimal,
  /** How many hospitals of a round may send arbitrary updates. */
  f: z.int().min(0).max(31).optional(),
  iterations: z.int().min(1).max(100).optional(),
  /** The member whose update the others are measured by. */
  root: mspId.optional(),
  parameters: sortedBy(z.strictObject({ name: label, value: decimal }), (entry) => entry.name, 64),
});

const rule = z.enum(['mean', ...(Object.keys(ROBUST_RULES) as RobustRuleName[])]);

/** Schema of `aggregation`: either the aggregators see each update, so that a robust rule can work, or only their sum (PROTOCOL sections 8 and 9). Never both. */
export const aggregation = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('visible'),
    rule,
    /** How many of the aggregators recompute a round, drawn anew for each; all of them when absent. */
    committee: z.int().min(2).max(64).optional(),
  }),
  z.strictObject({
    mode: z.literal('masked'),
    /** How pairwise masks come from pair keys. */
    expansion: maskSuite,
    /** For how many rounds the pair keys of one set-up are used. */
    epochRounds: z.int().min(1).max(100),
  }),
]);

/** What of a study decides how updates become a model. */
export interface AggregationRules {
  readonly strategy: z.infer<typeof strategy>;
  readonly aggregation: z.infer<typeof aggregation>;
}

/** How many aggregate a round; undefined where all aggregators do. */
export const committeeSize = ({ aggregation }: Pick<AggregationRules, 'aggregation'>): number | undefined => (aggregation.mode === 'visible' ? aggregation.committee : undefined);

/** How many attest a round of so many aggregators: k of PROTOCOL section 3. */
export const attesters = (study: Pick<AggregationRules, 'aggregation'>, aggregators: number): number => committeeSize(study) ?? aggregators;

/** Taken by every study of visible mode: an update longer than this is excluded with NORM_EXCEEDED. Nobody can measure a masked one. */
const common: Ranges = { maxNorm: positive };

/** The name of the study's rule; of masked updates there is only the sum, and so the mean. */
export const ruleName = ({ aggregation: chosen }: Pick<AggregationRules, 'aggregation'>): z.infer<typeof rule> => (chosen.mode === 'masked' ? 'mean' : chosen.rule);

function ruleOf(study: Pick<AggregationRules, 'aggregation'>): RobustRule | undefined {
  const name = ruleName(study);
  return name === 'mean' ? undefined : ROBUST_RULES[name];
}

/** The strategy that a study names. */
export const strategyOf = ({ strategy: { name } }: Pick<AggregationRules, 'strategy'>): ServerStrategy => STRATEGIES[name];

/** The study's parameters as numbers. */
export const settingsOf = ({ strategy: { parameters } }: Pick<AggregationRules, 'strategy'>): Settings => new Map(parameters.map(({ name, value }) => [name, Number(value)]));

/** The state of the study's strategy before its first round; empty where it has none. */
export const initialState = (study: Pick<AggregationRules, 'strategy'>, dimension: number): Float64Array => strategyOf(study).initial(dimension, settingsOf(study));

/** Coordinates of an update: d and the strategy's further ones. */
export const updateLength = (study: Pick<AggregationRules, 'strategy'>, dimension: number): number => dimension + strategyOf(study).further(dimension);

/** The fewest updates with which a round can end in a model. */
export const leastUpdates = (study: AggregationRules): number => ruleOf(study)?.least(study.strategy.f ?? 0) ?? (study.aggregation.mode === 'masked' ? 3 : 1);

function parameterFaults({ strategy: { parameters }, aggregation: { mode } }: AggregationRules, wanted: Ranges): string[] {
  const ranges: Ranges = { ...(mode === 'visible' ? common : {}), ...wanted };
  const missing = Object.keys(wanted).filter((name) => !parameters.some((entry) => entry.name === name));
  const faults = missing.map((name) => `strategy.parameters: ${name} is missing, ${ranges[name]?.told ?? ''}`);
  for (const { name, value } of parameters) {
    const range = ranges[name];
    if (range === undefined) faults.push(`strategy.parameters: nothing asks for ${name}`);
    else if (!range.holds(Number(value))) faults.push(`strategy.parameters: ${name} is ${value}, it must be ${range.told}`);
  }
  return faults;
}

/** A field that the rule needs and the study lacks, or the other way round. */
function needFault(study: AggregationRules, robust: RobustRule | undefined, field: RobustRule['needs'][number]): string[] {
  const given = study.strategy[field] !== undefined;
  if ((robust?.needs.includes(field) ?? false) === given) return [];
  return [`strategy.${field}: ${given ? `the rule ${ruleName(study)} has none` : `is missing for the rule ${ruleName(study)}`}`];
}

/** What the parts of a study's aggregation demand of each other, but for the rule's bound. */
export function strategyFaults(study: AggregationRules & { readonly participants: readonly string[]; readonly privacy: { readonly unit: string } }): string[] {
  const { strategy: chosen, privacy } = study;
  const name = ruleName(study);
  const [server, robust] = [strategyOf(study), ruleOf(study)];
  const further = server.further(1) > 0;
  const refused: readonly (readonly [boolean, string])[] = [
    [chosen.root !== undefined && !study.participants.includes(chosen.root), 'strategy.root: is no participant'],
    [robust !== undefined && chosen.weighting !== 'uniform', `strategy.weighting: the rule ${name} counts every update alike: uniform`],
    [robust !== undefined && further, `aggregation.rule: ${chosen.name} needs the mean`],
    [privacy.unit !== 'none' && settingsOf(study).has('maxNorm'), 'strategy.parameters: maxNorm would exclude updates for their noise, privacy.clippingNorm bounds them'],
    [chosen.name === 'scaffold' && chosen.weighting !== 'uniform', 'strategy.weighting: scaffold counts every control variate alike: uniform'],
  ];
  return [
    ...parameterFaults(study, { ...server.parameters, ...robust?.parameters }),
    ...(['f', 'iterations', 'root'] as const).flatMap((field) => needFault(study, robust, field)),
    ...refused.flatMap(([is, fault]) => (is ? [fault] : [])),
  ];
}

/** Why a study's least set of submissions is outside the bound of its rule (`RULE_BOUND`); undefined when it is within. */
export function boundFault(study: AggregationRules & { readonly quorums: { readonly submit: number } }): string | undefined {
  const least = leastUpdates(study);
  if (study.quorums.submit >= least) return undefined;
  if (study.aggregation.mode === 'masked') return `quorums.submit: the sum of fewer than ${least} masked updates would tell them, ${study.quorums.submit} may be all there are`;
  return `quorums.submit: ${ruleName(study)} needs ${least} updates to bear ${study.strategy.f ?? 0} arbitrary ones, ${study.quorums.submit} may be all there are`;
}
