/** What each hospital's updates added to a study's model, as a document that whoever opened the same updates and has the same test rows recomputes to the same digest (decision 0029). */
import { digestOf, encodeCanonical, statementDigest, type Digest, type Json, type Study } from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { seededRandom, shuffled } from '../random.js';
import { judge } from '../training/baseline.js';
import { openEngine, useEngine } from '../training/tf.js';
import { roundValue, type PlayedRound, type Utility } from './round-game.js';
import { exactLimit, exactShapley, gtgShapley, type GuidedSampling, type Shares } from './shapley.js';

/** Metrics on the test rows that a model may be worth; `logLoss` counts below zero, so that more is better. */
export const utilities = ['auc', 'accuracy', 'logLoss', 'concordance'] as const;
/** What a model is worth. */
export type UtilityName = (typeof utilities)[number];

/** Whole units of a utility, and of the shares: ten to the minus nine, and to the minus twelve. */
const utilityDigits = 9;
const shareDigits = 12;

/** Up to so many sites in a round values are exact unless asked otherwise. */
const exactSites = 8;

/** GTG-Shapley's thresholds; part of the document. */
export const guided: GuidedSampling = { between: 1e6, within: 1e6, least: 30, most: 500, tolerance: 0.05 };

/** Rows that models are judged by. */
export interface TestRows {
  readonly data: Dataset;
  /** Of the file's bytes. */
  readonly digest: Digest;
}

/** A site's share, as decimal text in the utility's unit. */
export interface Share {
  readonly participant: string;
  readonly value: string;
}

/** What one round's updates added. */
export interface RoundContribution {
  readonly round: number;
  readonly model: Digest;
  /** Utility of the round's base and of its model. */
  readonly before: string;
  readonly after: string;
  readonly method: 'exact' | 'gtg';
  readonly evaluations: number;
  readonly permutations?: number;
  readonly values: readonly Share[];
}

/** The document. */
export interface Contribution {
  readonly study: Digest;
  readonly utility: UtilityName;
  readonly test: { readonly digest: Digest; readonly rows: number };
  /** Decimals to which utilities are rounded before anything is computed with them, and of the values. */
  readonly digits: { readonly utility: number; readonly value: number };
  /** Where a round was sampled: thresholds in the utility's unit. */
  readonly guided?: { readonly between: string; readonly within: string; readonly tolerance: string; readonly least: number; readonly most: number };
  readonly rounds: readonly RoundContribution[];
  /** Sums over all rounds, by MSP ID; a site has no part in a round that its update was not used in. */
  readonly values: readonly Share[];
  /** What the rounds added together, and what of it truncation and rounding gave to nobody. */
  readonly whole: string;
  readonly unattributed: string;
}

/** Whole units as decimal text. */
function decimalOf(units: bigint, digits: number): string {
  const text = (units < 0n ? -units : units).toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${text.slice(0, -digits)}${fraction === '' ? '' : `.${fraction}`}`;
}

const utilityText = (units: number): string => decimalOf(BigInt(units), utilityDigits);

/** What fits a study's model unless somebody asks for another. */
export const usualUtility = ({ model }: Pick<Study, 'model'>): UtilityName => (model.kind === 'cox' ? 'concordance' : 'auc');

function utilityOf(study: Study, name: UtilityName, data: Dataset): Utility {
  return async (parameters) => {
    const metrics = (await judge(study, parameters, data)) as Partial<Record<UtilityName, number | undefined>>;
    const value = metrics[name];
    if (value === undefined || !Number.isFinite(value)) throw new WorkerError('DATA_INVALID', `the test rows give no ${name} of this study's models`, { remedy: 'Test rows need every class, or another utility.' });
    return Math.round((name === 'logLoss' ? -value : value) * 10 ** utilityDigits) + 0;
  };
}

/** How a contribution is to be computed. */
export interface ContributionOptions {
  readonly study: Study;
  readonly test: TestRows;
  readonly utility?: UtilityName | undefined;
  /** Exact up to eight sites a round and sampled above when absent. */
  readonly method?: 'exact' | 'gtg' | undefined;
  readonly onRound?: (round: RoundContribution) => void;
}

/** @throws WorkerError UPDATES_HIDDEN where aggregators see sums only, STUDY_INVALID for tensors that no aggregator has. */
export function assertVisible({ aggregation, model }: Pick<Study, 'aggregation' | 'model'>): void {
  if (aggregation.mode === 'masked') throw new WorkerError('UPDATES_HIDDEN', 'the study is in masked mode: nobody sees one hospital’s update, so nobody can tell what it added', { remedy: 'A study whose contributions are to be computed is in visible mode.' });
  if (model.tensors.some(({ local }) => local === true)) throw new WorkerError('STUDY_INVALID', 'some tensors of the model stay at each hospital, so there is no one model to judge');
}

/** What a round added, site by site. */
async function playRound(digest: Digest, names: readonly string[], played: PlayedRound, value: (coalition: readonly number[]) => Promise<number>, method: 'exact' | 'gtg'): Promise<Shares> {
  if (method === 'exact') return exactShapley(names.length, value);
  const players = names.map((_, player) => player);
  return gtgShapley(names.length, value, (first, turn) => shuffled(players.filter((player) => player !== first), seededRandom('contribution', digest, played.round, turn, first)), guided);
}

/**
 * Computes what each site's updates added, round by round. Always on the engine `wasm`, whose arithmetic is the same on every machine; utilities are rounded to nine decimals, and
 * all after that is integers or float64 in a fixed order.
 * @throws WorkerError UPDATES_HIDDEN, STUDY_INVALID, DATA_INVALID, WRONG_SET; RangeError for exact values of more than 12 sites.
 */
export async function contributionOf({ study, test, utility = usualUtility(study), method, onRound }: ContributionOptions, rounds: AsyncIterable<PlayedRound>): Promise<Contribution> {
  assertVisible(study);
  if (method === 'exact' && study.participants.length > exactLimit) throw new WorkerError('BAD_FIELD', `exact values of ${study.participants.length} sites take too long: at most ${exactLimit}`);
  const digest = statementDigest('study', study);
  const of = utilityOf(study, utility, test.data);
  const told: RoundContribution[] = [];
  const totals = new Map(study.participants.map((mspId) => [mspId, 0n]));
  let whole = 0n;
  for await (const played of rounds) {
    useEngine(await openEngine('wasm')); // before each round: a study may train on another one
    const names = [...played.words.keys()];
    const value = roundValue(study, played, of);
    const [before, after] = [await value([]), await value(names.map((_, player) => player))];
    const chosen = method ?? (names.length <= exactSites ? 'exact' : 'gtg');
    const { shares, evaluations, permutations } = await playRound(digest, names, played, value, chosen);
    names.forEach((name, player) => totals.set(name, (totals.get(name) ?? 0n) + (shares[player] ?? 0n)));
    whole += BigInt(after - before);
    const values = names.map((participant, player) => ({ participant, value: decimalOf(shares[player] ?? 0n, shareDigits) }));
    const line = { round: played.round, model: played.model, before: utilityText(before), after: utilityText(after), method: chosen, evaluations, ...(permutations === undefined ? {} : { permutations }), values };
    told.push(line);
    onRound?.(line);
  }
  const attributed = [...totals.values()].reduce((sum, share) => sum + share, 0n);
  const sampled = told.some((line) => line.method === 'gtg');
  const { between, within, least, most, tolerance } = guided;
  return {
    study: digest, utility, test: { digest: test.digest, rows: test.data.rows }, digits: { utility: utilityDigits, value: shareDigits },
    ...(sampled ? { guided: { between: utilityText(between), within: utilityText(within), tolerance: String(tolerance), least, most } } : {}),
    rounds: told, values: [...totals].map(([participant, share]) => ({ participant, value: decimalOf(share, shareDigits) })),
    whole: decimalOf(whole, utilityDigits), unattributed: decimalOf(whole * 1000n - attributed, shareDigits),
  };
}

/** What two organizations compare. */
export const contributionDigest = (contribution: Contribution): Digest => digestOf(encodeCanonical(contribution as unknown as Json));
