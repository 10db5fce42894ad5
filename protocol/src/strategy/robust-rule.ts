/** The rules by which updates that are seen one by one become one, and the bounds within which each holds (PROTOCOL section 9). */
import { CodedError } from '../error.js';
import { bulyan } from './bulyan.js';
import { centredClipping } from './centred-clipping.js';
import { coordinateMedian } from './coordinate-median.js';
import { flTrust } from './fltrust.js';
import { geometricMedian } from './geometric-median.js';
import { krum } from './krum.js';
import { multiKrum } from './multi-krum.js';
import { normClipping } from './norm-clipping.js';
import type { Rows } from './rows.js';
import { positive, setting, type Ranges, type Settings } from './setting.js';
import { trimmedMean } from './trimmed-mean.js';

/** What a study gives a rule; the rule's `needs` says which of them. */
export interface RuleOptions {
  /** How many of the updates may be arbitrary. */
  readonly f?: number | undefined;
  readonly iterations?: number | undefined;
  /** Index of the trusted root's update among the rows. */
  readonly root?: number | undefined;
  readonly settings: Settings;
}

/** A robust rule. */
export interface RobustRule {
  readonly needs: readonly ('f' | 'iterations' | 'root')[];
  readonly parameters: Ranges;
  /** The fewest updates with which the rule bears f arbitrary ones. */
  readonly least: (f: number) => number;
  readonly of: (rows: Rows, options: RuleOptions) => Float64Array;
}

const given = (value: number | undefined): number => {
  if (value === undefined) throw new RangeError('the rule needs a value that the study does not give');
  return value;
};
const minority = (f: number): number => 2 * f + 1;

/** Rules by the name in `aggregation.rule`; `mean` is no robust rule. */
export const ROBUST_RULES = {
  'median': { needs: ['f'], parameters: {}, least: minority, of: coordinateMedian },
  'trimmed-mean': { needs: ['f'], parameters: {}, least: minority, of: (rows, { f }) => trimmedMean(rows, given(f)) },
  'krum': { needs: ['f'], parameters: {}, least: (f) => 2 * f + 3, of: (rows, { f }) => krum(rows, given(f)) },
  'multi-krum': { needs: ['f'], parameters: {}, least: (f) => 2 * f + 3, of: (rows, { f }) => multiKrum(rows, given(f)) },
  'bulyan': { needs: ['f'], parameters: {}, least: (f) => 4 * f + 3, of: (rows, { f }) => bulyan(rows, given(f)) },
  'geometric-median': {
    needs: ['f', 'iterations'], parameters: { smoothing: positive }, least: minority,
    of: (rows, { iterations, settings }) => geometricMedian(rows, given(iterations), setting(settings, 'smoothing')),
  },
  'norm-clipping': { needs: [], parameters: { norm: positive }, least: () => 1, of: (rows, { settings }) => normClipping(rows, setting(settings, 'norm')) },
  'centred-clipping': {
    needs: ['iterations'], parameters: { radius: positive }, least: () => 1,
    of: (rows, { iterations, settings }) => centredClipping(rows, given(iterations), setting(settings, 'radius')),
  },
  'fltrust': {
    needs: ['root'], parameters: {}, least: () => 2,
    of: (rows, { root }) => flTrust(rows.filter((_, i) => i !== given(root)), rows[given(root)] as Float64Array),
  },
} satisfies Readonly<Record<string, RobustRule>>;

/** The name of a robust rule. */
export type RobustRuleName = keyof typeof ROBUST_RULES;

/**
 * Aggregates updates by a robust rule, each counting alike.
 * @param rows used updates by MSP ID, finite, of one length.
 * @throws CodedError RULE_BOUND for fewer updates than the rule needs.
 */
export function robustAggregate(name: RobustRuleName, rows: Rows, options: RuleOptions): Float64Array {
  const rule: RobustRule = ROBUST_RULES[name];
  const least = rule.least(options.f ?? 0);
  if (rows.length < least) throw new CodedError('RULE_BOUND', `${name} needs ${least} updates to bear ${options.f ?? 0} arbitrary ones, there are ${rows.length}`);
  return rule.of(rows, options);
}
