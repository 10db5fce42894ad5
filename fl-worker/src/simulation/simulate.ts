/** A federated study in one process: the rounds of a network run without ledger, keys and sealing, and the same models bit for bit. */
import {
  aggregate, aggregateMasked, digestOf, expansionOf, footing, initialState, judgeUpdate, ruleName, statementDigest, sumVectors, usedIn,
  type Aggregated, type Before, type Digest, type Footing, type Result, type Spent, type Study, type SubmissionRef, type UpdateVerdict,
} from '@epione/protocol';
import type { Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { seededRandom } from '../random.js';
import { wordsOf } from '../round/local-update.js';
import { codeOf, costsRound } from '../round/refusal.js';
import { openEngine, useEngine } from '../training/tf.js';
import { maskedRound } from './masked-round.js';
import { SimulatedSite } from './simulated-site.js';
import { initialOf, ledgerLimit } from './simulated-study.js';

/** What a simulation is told. */
export interface Simulation {
  readonly study: Study;
  /** Rows of each participant, by MSP ID. */
  readonly sites: ReadonlyMap<string, Dataset>;
  /** The `seed` of every worker's configuration. */
  readonly seed: string;
  /** Parameters before the first round; those of `model.initial` when absent, which must then be zeros. */
  readonly initial?: Float32Array;
  /** Probability with which a site does not submit in a round, 0 to 1. */
  readonly dropOut?: number;
  /** In a study of masked mode: false sums updates without masks; the same model, and the only way beyond 64 sites. */
  readonly masks?: boolean;
  /** Changes updates before they are encoded, all of a round at once, for attacks of those who know each other's. */
  readonly tamper?: Tamper;
  /** Gives each round's words too, as aggregators open them in visible mode. */
  readonly keepWords?: boolean;
}

/** Takes the updates of a round (coordinates, in the order of MSP IDs) and gives those that are sent. */
export type Tamper = (updates: ReadonlyMap<string, Float64Array>, at: { readonly round: number; readonly base: Float32Array }) => ReadonlyMap<string, Float64Array>;

/** A site that did not submit: `DROPPED_OUT`, or the code of what kept it. */
interface Absent {
  readonly participant: string;
  readonly code: string;
}

/** What became of a round. */
export interface SimulatedRound {
  readonly round: number;
  /** Parameters that the round was trained from. */
  readonly base: Float32Array;
  /** Parameters after it; the base where the round failed. */
  readonly parameters: Float32Array;
  /** The new model's digest; absent where the round failed. */
  readonly model?: Digest;
  /** Why there is no model. */
  readonly code?: string;
  /** Sites whose updates are in the model. */
  readonly used: readonly string[];
  readonly absent: readonly Absent[];
  readonly excluded: Result['excluded'];
  /** The most that any site has spent of the privacy budget. */
  readonly spent?: Spent;
  /** With `keepWords`: the used updates, by MSP ID. */
  readonly words?: ReadonlyMap<string, Uint8Array>;
  /** Server strategy's state before the round. */
  readonly state: Float64Array;
  /** What each site keeps for itself after the round. */
  readonly carried: ReadonlyMap<string, Float64Array>;
}

/** An update as submitted. */
interface Submitted {
  readonly site: SimulatedSite;
  readonly words: Uint8Array;
}

type Gathered = Pick<SimulatedRound, 'used' | 'excluded'> & { readonly words?: ReadonlyMap<string, Uint8Array>; readonly result: () => Aggregated };

/** One run of a study. */
class Run {
  readonly #simulation: Simulation;
  readonly #digest: Digest;
  readonly #sites: readonly SimulatedSite[];
  readonly #masked: boolean;
  #footing: Footing;
  #parameters: Float32Array;
  #state: Float64Array;

  constructor(simulation: Simulation) {
    const { study, sites, masks = true, initial } = simulation;
    this.#simulation = simulation;
    this.#digest = statementDigest('study', study);
    this.#sites = study.participants.map((mspId) => {
      const data = sites.get(mspId);
      if (data === undefined) throw new WorkerError('DATA_MISSING', `there are no rows for ${mspId}`);
      return new SimulatedSite(study, mspId, data);
    });
    this.#masked = study.aggregation.mode === 'masked' && masks;
    if (this.#masked && this.#sites.length > ledgerLimit) throw new WorkerError('BAD_FIELD', `${this.#sites.length} sites are more than the ${ledgerLimit} of a masked round`, { remedy: 'Simulate without masks: the sum is the same bytes.' });
    this.#footing = { base: study.model.initial };
    this.#parameters = initial ?? initialOf(study, undefined);
    this.#state = initialState(study, study.model.dimension);
  }

  /** Runs one round. */
  async round(round: number): Promise<SimulatedRound> {
    const { study, keepWords } = this.#simulation;
    const [base, state] = [this.#parameters, this.#state];
    const absent: Absent[] = [];
    const { used, excluded, words, result } = await this.#gather(round, this.#submissions(round, absent));
    const aggregated = used.length < study.quorums.submit ? undefined : result();
    const model = aggregated?.result.outcome === 'model' ? aggregated.result.model : undefined;
    if (model !== undefined) this.#advance(model, aggregated as Aggregated);
    for (const site of this.#sites) site.settle(model !== undefined && used.includes(site.mspId));
    const spent = this.#sites.flatMap((site) => site.spent ?? []).sort((a, b) => b.steps - a.steps)[0];
    const failed = aggregated?.result.code ?? 'TOO_FEW';
    return {
      round, base, state, parameters: this.#parameters, used, absent, excluded, carried: new Map(this.#sites.flatMap(({ mspId, carried }) => (carried === undefined ? [] : [[mspId, carried]]))),
      ...(model === undefined ? { code: failed } : { model }), ...(spent === undefined ? {} : { spent }), ...(keepWords === true && words !== undefined ? { words } : {}),
    };
  }

  #advance(model: Digest, { model: parameters, state, result }: Aggregated): void {
    this.#parameters = parameters as Float32Array;
    this.#state = state as Float64Array;
    this.#footing = footing(model, result.state);
  }

  #dropsOut(round: number, mspId: string): boolean {
    const { seed, dropOut = 0 } = this.#simulation;
    return dropOut > 0 && seededRandom('drop-out', seed, round, mspId).uniform() < dropOut;
  }

  /** The submissions of a round, one by one where nobody needs to see them together. */
  async *#submissions(round: number, absent: Absent[]): AsyncGenerator<Submitted> {
    const { study, seed, tamper } = this.#simulation;
    const [base, state] = [this.#parameters, this.#state];
    const held = new Map<string, Float64Array>();
    for (const site of this.#sites) {
      if (this.#dropsOut(round, site.mspId)) {
        absent.push({ participant: site.mspId, code: 'DROPPED_OUT' });
        continue;
      }
      const made = await attempt(site, absent, () => site.update({ seed, round, base, state }));
      if (made === undefined) continue;
      if (tamper !== undefined) held.set(site.mspId, made.update);
      else yield* await encoded(study, site, made.update, absent);
    }
    if (tamper === undefined) return;
    const sent = tamper(held, { round, base });
    for (const site of this.#sites) {
      const update = sent.get(site.mspId);
      if (update !== undefined) yield* await encoded(study, site, update, absent);
      else if (held.has(site.mspId)) absent.push({ participant: site.mspId, code: 'DROPPED_OUT' });
    }
  }

  /** What aggregation needs of a round's submissions: their sum alone where that is all it uses, so that a thousand large updates are never held at once. */
  async #gather(round: number, submissions: AsyncGenerator<Submitted>): Promise<Gathered> {
    const { study, keepWords } = this.#simulation;
    const before: Before = { footing: this.#footing, parameters: this.#parameters, state: this.#state, participants: this.#sites.length };
    const [visible, together] = [study.aggregation.mode === 'visible', this.#masked || ruleName(study) !== 'mean' || keepWords === true];
    const set: SubmissionRef[] = [];
    const verdicts = new Map<string, UpdateVerdict>();
    const words = new Map<string, Uint8Array>();
    const excluded: Result['excluded'] = [];
    let sum: Uint8Array | undefined;
    for await (const { site: { mspId: participant, data }, words: sent } of submissions) {
      set.push({ participant, digest: digestOf(sent) });
      const verdict = visible ? judgeUpdate(study, { numExamples: data.rows }, sent) : { words: sent };
      if ('code' in verdict) excluded.push({ participant, code: verdict.code });
      if (together) {
        verdicts.set(participant, verdict);
        if ('words' in verdict) words.set(participant, verdict.words);
      } else if ('words' in verdict) sum = sum === undefined ? verdict.words : sumVectors([sum, verdict.words], study.encoding.bits);
    }
    const used = usedIn(set, { excluded });
    const result = (): Aggregated => {
      if (this.#masked) return aggregateMasked(study, before, set, maskedRound(study, { study: this.#digest, epoch: 1, round, participants: study.participants, expansion: expansionOf(study) }, this.#simulation.seed, set, words));
      if (visible && together) return aggregate(study, before, set, verdicts);
      return aggregateMasked(study, before, used, { sum: sum ?? sumVectors([...words.values()], study.encoding.bits) });
    };
    return { used: used.map(({ participant }) => participant), excluded, words, result };
  }
}

/** What a fault that costs a site its round leaves: its name among the absent. */
async function attempt<T>({ mspId }: SimulatedSite, absent: Absent[], work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!costsRound(error)) throw error;
    absent.push({ participant: mspId, code: codeOf(error) as string });
    return undefined;
  }
}

async function encoded(study: Study, site: SimulatedSite, update: Float64Array, absent: Absent[]): Promise<Submitted[]> {
  const words = await attempt(site, absent, () => wordsOf(study, { update }, site.data.rows));
  return words === undefined ? [] : [{ site, words }];
}

/**
 * Runs a study round by round. With the document, rows and seed of a network run of visible or masked mode, without a privacy budget and with every
 * consent in force, each model is that run's, bit for bit; noise there is nobody's to repeat.
 * @throws WorkerError DATA_MISSING, WEIGHT_OUT_OF_RANGE, BAD_FIELD, ENGINE_MISSING; what stops a worker stops the simulation.
 */
export async function* simulate(simulation: Simulation): AsyncGenerator<SimulatedRound> {
  const { study } = simulation;
  useEngine(await openEngine(study.training.engine ?? 'wasm'));
  const run = new Run(simulation);
  for (let round = 1; round <= study.rounds.count; round++) {
    const ended = await run.round(round);
    yield ended;
    if (ended.absent.filter(({ code }) => code === 'BUDGET_SPENT').length === study.participants.length) return;
  }
}
