/** From the opened updates of a sealed round to its result: pure, so that every aggregator and the auditor get the same bytes (PROTOCOL sections 5, 7, 9). */
import { concat, digestOf, frame, hashOf, toHex, type Digest } from './encoding/digest.js';
import { CodedError, type Code } from './error.js';
import { unpackUpdate } from './compression/compression.js';
import type { SubmissionRef } from './encoding/fields.js';
import { addStep, encodeModel, meanOfSum, readVector, sumVectors, type WeightedUpdate } from './fixed-point.js';
import type { Unmasked } from './masked/unmask.js';
import { setDigest, type Footing } from './rules/round.js';
import { robustAggregate } from './strategy/robust-rule.js';
import { squaredNorm } from './strategy/rows.js';
import { encodeState } from './strategy/state.js';
import { ruleName, settingsOf, strategyOf, updateLength } from './strategy/study-strategy.js';
import { hashNameOf } from './statements/statement.js';
import type { Study } from './statements/study.js';
import type { Result, Submission } from './statements/submission.js';

/** What became of one submission: the words of its update, or why it cannot be used. */
export type UpdateVerdict = { readonly words: Uint8Array } | { readonly code: Code };

/** What a round builds on, in full. */
export interface Before {
  readonly footing: Footing;
  /** The base model's parameters, all zero where the base is `zeros`. */
  readonly parameters: Float32Array;
  /** The server strategy's state, the initial one where the footing names none. */
  readonly state: Float64Array;
  /** n, participants of the epoch. */
  readonly participants: number;
  /** The beacon after the round, `leftBeacon`; only with a committee. */
  readonly beacon?: string;
}

/** A round's result and, where it is a model, what shows that it was computed. */
export interface Aggregated {
  readonly result: Result;
  readonly model?: Float32Array;
  /** The server strategy's state after the round; empty where it has none. */
  readonly state?: Float64Array;
  /** The words of which the witness is made: the sum or, with a robust rule, the used updates by MSP ID. */
  readonly words?: Uint8Array;
}

const readUpdate = (study: Study, words: Uint8Array): WeightedUpdate => readVector(words, study.encoding, updateLength(study, study.model.dimension));
const unitOf = ({ encoding }: Study): number => 2 ** -encoding.fractionBits;

/** The coordinates of an update as real numbers: q_k · 2^−fractionBits, exact. */
const rowOf = (study: Study, words: Uint8Array): Float64Array => readUpdate(study, words).steps.map((step) => step * unitOf(study));

/** Judges an opened update, and takes its compression off: its form, that it carries the weight that the statement names, and its length where the study bounds it (`maxNorm`, over the model's coordinates). */
export function judgeUpdate(study: Study, statement: Pick<Submission, 'numExamples'>, payload: Uint8Array): UpdateVerdict {
  try {
    const words = unpackUpdate(payload, study);
    const { weight, steps } = readUpdate(study, words);
    if (weight !== (study.strategy.weighting === 'uniform' ? 1 : statement.numExamples)) return { code: 'BAD_ENCODING' };
    const most = settingsOf(study).get('maxNorm');
    const tooLong = most !== undefined && Math.sqrt(squaredNorm(steps.subarray(0, study.model.dimension))) * unitOf(study) > most;
    return tooLong ? { code: 'NORM_EXCEEDED' } : { words };
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code as Code };
    throw error;
  }
}

/** One used update. */
interface Used {
  readonly participant: string;
  readonly words: Uint8Array;
}

/** The updates as one, and the words that show it. */
interface Combined {
  readonly update: Float64Array;
  readonly words: Uint8Array;
}

/** The mean of the updates behind a sum of words. */
const meanOf = (study: Study, words: Uint8Array, used: number): Combined => ({ words, update: meanOfSum(words, study.encoding, updateLength(study, study.model.dimension), used) });

/** The updates as one, by the study's rule. */
function combine(study: Study, used: readonly Used[]): Combined {
  const { strategy: { f, iterations, root }, encoding } = study;
  const rule = ruleName(study);
  if (rule === 'mean') return meanOf(study, sumVectors(used.map((entry) => entry.words), encoding.bits), used.length);
  const rootAt = root === undefined ? undefined : used.findIndex((entry) => entry.participant === root);
  if (rootAt === -1) throw new CodedError('TOO_FEW', `the update of the root ${String(root)} is not there`);
  const rows = used.map((entry) => rowOf(study, entry.words));
  return { words: concat(...used.map((entry) => entry.words)), update: robustAggregate(rule, rows, { f, iterations, root: rootAt, settings: settingsOf(study) }) };
}

/** The new model and state by the study's strategy. @throws CodedError NOT_FINITE. */
function advance(study: Study, { parameters, state, participants }: Before, update: Float64Array, used: number): { model: Float32Array; state: Float64Array } {
  const rate = Number(study.strategy.serverLearningRate);
  const next = strategyOf(study).step({ dimension: study.model.dimension, update, state, rate, settings: settingsOf(study), used, participants });
  return { model: addStep(parameters, next.step), state: next.state };
}

/** What the updates come to, or why to nothing and who is the cause. */
type Outcome = { readonly combined: () => Combined; readonly used: number } | { readonly code: Code; readonly culprits: readonly string[] };

function conclude(study: Study, before: Before, set: readonly SubmissionRef[], excluded: Result['excluded'], outcome: Outcome): Aggregated {
  const { base, state: old } = before.footing;
  const { beacon } = before;
  const common = { base, set: setDigest(set), excluded, ...(beacon === undefined ? {} : { beacon }) };
  const failure = (code: Code, culprits: readonly string[]): Aggregated => ({ result: { outcome: 'failure', ...common, code, ...(old === undefined ? {} : { state: old }), ...(culprits.length > 0 ? { culprits: [...culprits] } : {}) } });
  if ('code' in outcome) return failure(outcome.code, outcome.culprits);
  try {
    const { update, words } = outcome.combined();
    const { model, state } = advance(study, before, update, outcome.used);
    const hash = hashNameOf('study', study);
    const named = state.length > 0 ? { state: digestOf(encodeState(state), hash) } : {};
    return { result: { outcome: 'model', ...common, model: digestOf(encodeModel(model), hash), ...named }, model, state, words };
  } catch (error) {
    if (error instanceof CodedError) return failure(error.code as Code, excluded.map((entry) => entry.participant));
    throw error;
  }
}

/**
 * The result of a sealed set by the study's rule and strategy.
 * @param verdicts one for each member of the set; a missing one counts as BLOB_MISSING.
 */
export function aggregate(study: Study, before: Before, set: readonly SubmissionRef[], verdicts: ReadonlyMap<string, UpdateVerdict>): Aggregated {
  const judged = set.map(({ participant }) => ({ participant, verdict: verdicts.get(participant) ?? { code: 'BLOB_MISSING' as const } }));
  const used = judged.flatMap(({ participant, verdict }) => ('words' in verdict ? [{ participant, words: verdict.words }] : []));
  const excluded = judged.flatMap(({ participant, verdict }) => ('code' in verdict ? [{ participant, code: verdict.code }] : []));
  if (used.length < study.quorums.submit) return conclude(study, before, set, excluded, { code: 'TOO_FEW', culprits: excluded.map((entry) => entry.participant) });
  return conclude(study, before, set, excluded, { combined: () => combine(study, used), used: used.length });
}

/**
 * The result of a sealed set of masked updates: all of them, or none. The bound on a sum is all that can be tested; it finds garbage, not its author.
 * @param outcome the sum without masks, or the first thing that kept it from being made.
 */
export function aggregateMasked(study: Study, before: Before, set: readonly SubmissionRef[], outcome: Unmasked): Aggregated {
  return conclude(study, before, set, [], 'sum' in outcome ? { combined: () => meanOf(study, outcome.sum, set.length), used: set.length } : outcome);
}

/** Shows that an aggregator had the words: differs by aggregator, and cannot be copied from the ledger (PROTOCOL section 5). */
export const witnessOf = (study: Digest, round: number, aggregator: string, words: Uint8Array): string =>
  toHex(hashOf(study)(concat(frame('epione/v1/witness', study, round, aggregator), words)));
