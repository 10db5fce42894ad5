/** From the opened updates of a sealed round to its result: pure, so that every aggregator and the auditor get the same bytes (PROTOCOL sections 5, 7, 9). */
import { concat, digestOf, frame, sha256, toHex, type Digest } from './digest.js';
import { CodedError, type Code } from './error.js';
import type { SubmissionRef } from './fields.js';
import { decodeSum, encodeModel, readVector, sumVectors } from './fixed-point.js';
import { setDigest, type Base } from './round.js';
import type { Study } from './study.js';
import type { Result, Submission } from './submission.js';

/** What became of one submission: the words of its update, or why it cannot be used. */
export type UpdateVerdict = { readonly words: Uint8Array } | { readonly code: Code };

/** A round's result and, where it is a model, what shows that it was computed. */
export interface Aggregated {
  readonly result: Result;
  readonly model?: Float32Array;
  /** The words of the sum, of which the witness is made. */
  readonly sum?: Uint8Array;
}

/** Judges opened words: their form, and that they carry the weight that the statement names. */
export function judgeUpdate(study: Study, statement: Pick<Submission, 'numExamples'>, words: Uint8Array): UpdateVerdict {
  try {
    const { weight } = readVector(words, study.encoding, study.model.dimension);
    return weight === (study.strategy.weighting === 'uniform' ? 1 : statement.numExamples) ? { words } : { code: 'BAD_ENCODING' };
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code as Code };
    throw error;
  }
}

/**
 * Federated averaging over a sealed set: the fixed-point sum of the usable updates on the base model.
 * @param parameters the base model's, all zero where `base` is `zeros`.
 * @param verdicts one for each member of the set; a missing one counts as BLOB_MISSING.
 */
export function aggregate(study: Study, base: Base, parameters: Float32Array, set: readonly SubmissionRef[], verdicts: ReadonlyMap<string, UpdateVerdict>): Aggregated {
  const judged = set.map(({ participant }) => ({ participant, verdict: verdicts.get(participant) ?? { code: 'BLOB_MISSING' as const } }));
  const used = judged.flatMap(({ verdict }) => ('words' in verdict ? [verdict.words] : []));
  const excluded = judged.flatMap(({ participant, verdict }) => ('code' in verdict ? [{ participant, code: verdict.code }] : []));
  const common = { base, set: setDigest(set), excluded };
  const culprits = excluded.map((entry) => entry.participant);
  const failure = (code: Code): Aggregated => ({ result: { outcome: 'failure', ...common, code, ...(culprits.length > 0 ? { culprits } : {}) } });
  if (used.length < study.quorums.submit) return failure('TOO_FEW');
  try {
    const sum = sumVectors(used, study.encoding.bits);
    const model = decodeSum(sum, parameters, study.encoding, Number(study.strategy.serverLearningRate), used.length);
    return { result: { outcome: 'model', ...common, model: digestOf(encodeModel(model)) }, model, sum };
  } catch (error) {
    if (error instanceof CodedError) return failure(error.code as Code);
    throw error;
  }
}

/** Shows that an aggregator had the sum: differs by aggregator, and cannot be copied from the ledger (PROTOCOL section 5). */
export const witnessOf = (study: Digest, round: number, aggregator: string, sum: Uint8Array): string =>
  toHex(sha256(concat(frame('epione/v1/witness', study, round, aggregator), sum)));
