/** A round as a game: what the test rows say of the model that some of its updates alone would have made. */
import { aggregate, digestOf, type Before, type Digest, type Study, type UpdateVerdict } from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { Value } from './shapley.js';

/** A round that ended in a model, with its updates as an aggregator opened them. */
export interface PlayedRound extends Pick<Before, 'parameters' | 'state' | 'participants'> {
  readonly round: number;
  /** Digest of the model that came of it. */
  readonly model: Digest;
  /** Words of the used updates by MSP ID, in the order of MSP IDs. */
  readonly words: ReadonlyMap<string, Uint8Array>;
}

/** What parameters are worth, in whole units. */
export type Utility = (parameters: Float32Array) => Promise<number>;

/**
 * The value of a coalition: the utility of the model that its updates give by the study's rule and strategy from the round's base; of the base where they give none
 * (nobody, or fewer than a robust rule needs).
 * @throws WorkerError WRONG_SET when all updates together do not give the round's model.
 */
export function roundValue(study: Study, { parameters, state, participants, words, model }: PlayedRound, utility: Utility): Value {
  const names = [...words.keys()];
  const few: Study = { ...study, quorums: { ...study.quorums, submit: 1 } };
  const before: Before = { footing: { base: study.model.initial }, parameters, state, participants };
  const set = names.map((participant) => ({ participant, digest: digestOf(words.get(participant) as Uint8Array) }));
  const verdicts = new Map<string, UpdateVerdict>(names.map((participant) => [participant, { words: words.get(participant) as Uint8Array }]));
  return async (coalition) => {
    if (coalition.length === 0) return utility(parameters);
    const made = aggregate(few, before, coalition.flatMap((player) => set[player] ?? []), verdicts);
    if (coalition.length === names.length && made.result.model !== model) throw new WorkerError('WRONG_SET', `the kept updates do not give the model ${model}`);
    return utility(made.model ?? parameters);
  };
}
