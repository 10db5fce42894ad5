/** One data set: pooled, local and federated models of the same training, measured on the same held-out rows. */
import { evaluate, evaluateSurvival, initialParameters, simulate, simulatedStudy, trainAlone, type Dataset } from '@epione/fl-worker';
import type { Study } from '@epione/protocol';
import { divide, folderOf, plainTemplateOf, together, type DataSet, type DividedSite } from './data.js';
import { interval, type Interval } from './interval.js';

/** What one seed gives: shares of 0 to 1. */
export interface Compared {
  readonly pooled: number;
  readonly federated: number;
  /** Each hospital's own model on all held-out rows. */
  readonly local: readonly number[];
  /** Means over the hospitals, by held-out rows, each on its own: its own model, the federated one, and that trained on at home. */
  readonly home: { readonly local: number; readonly federated: number; readonly fineTuned: number };
}

/** The same over all seeds. */
export interface Comparison {
  readonly name: string;
  readonly metric: DataSet['metric'];
  readonly sites: number;
  readonly rows: number;
  readonly anchor: string;
  readonly pooled: Interval;
  readonly federated: Interval;
  readonly local: Interval;
  /** Federated less pooled, seed by seed. */
  readonly difference: Interval;
  readonly home: Readonly<Record<keyof Compared['home'], Interval>>;
}

/** A model's metric on some rows; undefined where they are too few for it. */
export async function measure(study: Study, metric: DataSet['metric'], parameters: Float32Array, data: Dataset): Promise<number | undefined> {
  if (data.rows === 0) return undefined;
  return metric === 'concordance' ? (await evaluateSurvival(study, parameters, data)).concordance : (await evaluate(study, parameters, data))[metric];
}

/** The parameters that a seed's models all start from. */
export const startOf = (study: Study, inputs: number, seed: string): Float32Array =>
  study.model.kind === 'logistic' || (study.model.kind === 'cox' && study.model.layers.length === 0) ? new Float32Array(study.model.dimension) : initialParameters(study.model, inputs, seed);

/** The model that the rounds of a study end in, by the code that a network run uses. */
export async function federate(study: Study, sites: readonly DividedSite[], initial: Float32Array, seed: string, afterRound?: (parameters: Float32Array) => Promise<void>): Promise<Float32Array> {
  let parameters = initial;
  for await (const round of simulate({ study, sites: new Map(sites.map(({ name, train }) => [name, train])), seed, initial })) {
    if (round.code !== undefined) throw new Error(`round ${round.round} ended with ${round.code}`);
    parameters = round.parameters;
    await afterRound?.(parameters);
  }
  return parameters;
}

/** Trained on at home for five passes over a hospital's rows. */
export const fineTune = (study: Study, parameters: Float32Array, { train }: DividedSite, seed: string): Promise<Float32Array> =>
  trainAlone({ ...study, training: { ...study.training, localEpochs: 5 }, rounds: { ...study.rounds, count: 1 } }, parameters, train, seed);

/** The mean over sites of what a model reaches on a site's held-out rows, by their number; sites too small for the metric are left out. */
export async function atHome(study: Study, metric: DataSet['metric'], sites: readonly DividedSite[], modelOf: (site: DividedSite) => Float32Array | Promise<Float32Array>): Promise<number> {
  let [sum, rows] = [0, 0];
  for (const site of sites) {
    const value = await measure(study, metric, await modelOf(site), site.test);
    if (value !== undefined) [sum, rows] = [sum + value * site.test.rows, rows + site.test.rows];
  }
  return sum / rows;
}

/** One seed: it fixes the division, the starting parameters and the order of rows. */
export async function compareOnce(set: DataSet, seed: string): Promise<{ readonly compared: Compared; readonly sites: number; readonly rows: number }> {
  const plain = plainTemplateOf(folderOf(set));
  const template = { ...plain, rounds: { ...plain.rounds, count: set.rounds ?? plain.rounds.count } };
  const sites = divide(set, template, seed);
  const study = simulatedStudy(template, sites.map(({ name }) => name));
  const [all, held] = [together(sites, 'train'), together(sites, 'test')];
  const initial = startOf(study, all.width, seed);
  const on = async (parameters: Float32Array): Promise<number> => (await measure(study, set.metric, parameters, held)) ?? NaN;
  const own = new Map<string, Float32Array>();
  for (const { name, train } of sites) own.set(name, await trainAlone(study, initial, train, seed));
  const local: number[] = [];
  for (const parameters of own.values()) local.push(await on(parameters));
  const federated = await federate(study, sites, initial, seed);
  const home = {
    local: await atHome(study, set.metric, sites, ({ name }) => own.get(name) as Float32Array),
    federated: await atHome(study, set.metric, sites, () => federated),
    fineTuned: await atHome(study, set.metric, sites, (site) => fineTune(study, federated, site, seed)),
  };
  const compared = { pooled: await on(await trainAlone(study, initial, all, seed)), federated: await on(federated), local, home };
  return { compared, sites: sites.length, rows: all.rows + held.rows };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** All seeds. @param told hears of each seed's result. */
export async function compare(set: DataSet, seeds: readonly string[], told: (line: string) => void = () => undefined): Promise<Comparison> {
  const found: Compared[] = [];
  let size = { sites: 0, rows: 0 };
  for (const seed of seeds) {
    const { compared, ...of } = await compareOnce(set, seed);
    found.push(compared);
    size = of;
    told(`${set.name} seed ${seed}: pooled ${compared.pooled.toFixed(4)}, federated ${compared.federated.toFixed(4)}, local ${mean(compared.local).toFixed(4)}`);
  }
  const over = (of: (one: Compared) => number): Interval => interval(found.map(of));
  return {
    name: set.name, metric: set.metric, anchor: set.anchor, ...size,
    pooled: over(({ pooled }) => pooled), federated: over(({ federated }) => federated), local: over(({ local }) => mean(local)),
    difference: over(({ pooled, federated }) => federated - pooled),
    home: { local: over(({ home }) => home.local), federated: over(({ home }) => home.federated), fineTuned: over(({ home }) => home.fineTuned) },
  };
}
