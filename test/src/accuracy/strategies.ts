/** Strategies on data that are divided more and less evenly: the digits among ten sites, FedAvg beside the rest. */
import { simulatedStudy, type StudyTemplate } from '@epione/fl-worker';
import { atHome, federate, fineTune, measure, startOf } from './comparison.js';
import { divide, plainTemplateOf, together, type DataSet } from './data.js';
import { interval, type Interval } from './interval.js';
import { setNamed } from './sets.js';

type Change = Pick<StudyTemplate, 'strategy'> & { readonly proximal?: string; readonly encoding?: Pick<StudyTemplate['encoding'], 'clip' | 'fractionBits'> };
const strategy = (name: Change['strategy']['name'], settings: Readonly<Record<string, string>> = {}, serverLearningRate = '1', weighting: 'examples' | 'uniform' = 'examples'): Change =>
  ({ strategy: { name, weighting, serverLearningRate, parameters: Object.entries(settings).map(([of, value]) => ({ name: of, value })) } });

const adaptive = { beta1: '0.9', beta2: '0.99', tau: '0.01' };

/** By the name in the table; one configuration each, none tuned on the held-out rows beyond a server learning rate at which the first seed learns. */
const changes: Readonly<Record<string, Change>> = {
  FedAvg: strategy('fedavg'),
  FedAvgM: strategy('fedavgm', { momentum: '0.5' }),
  'FedProx μ = 0.1': { ...strategy('fedavg'), proximal: '0.1' },
  SCAFFOLD: strategy('scaffold', {}, '1', 'uniform'),
  FedAdam: strategy('fedadam', adaptive, '0.05'),
  FedYogi: strategy('fedyogi', adaptive, '0.05'),
  FedAdagrad: strategy('fedadagrad', { beta1: '0.9', tau: '0.01' }, '0.1'),
  // Its updates carry a squared norm over the learning rate, which is longer than any coordinate.
  'q-FedAvg, q = 1': { ...strategy('qfedavg', { q: '1' }, '1', 'uniform'), encoding: { clip: '1024', fractionBits: 28 } },
};

/** One strategy at one evenness. */
export interface StrategyRow {
  readonly name: string;
  readonly alpha: number;
  /** Accuracy on all held-out rows. */
  readonly accuracy: Interval;
  /** Mean accuracy after each round. */
  readonly rounds: readonly number[];
  /** Accuracy on a site's own held-out rows, mean by their number: of the global model, and of that trained on at the site; FedAvg only. */
  readonly home?: { readonly global: Interval; readonly fineTuned: Interval };
}

interface Once {
  readonly rounds: number[];
  readonly home?: { readonly global: number; readonly fineTuned: number };
}

async function once(set: DataSet, name: string, seed: string): Promise<Once> {
  const { strategy: chosen, proximal, encoding } = changes[name] as Change;
  const plain = plainTemplateOf('digits');
  const training: StudyTemplate['training'] = { optimizer: 'sgd', learningRate: '0.3', localEpochs: 2, batchSize: 32, ...(proximal === undefined ? {} : { proximal }) };
  const template: StudyTemplate = { ...plain, strategy: chosen, encoding: { ...plain.encoding, ...encoding }, model: { kind: 'mlp', layers: [64], initial: 'zeros' }, training, rounds: { ...plain.rounds, count: 20 } };
  const sites = divide(set, template, seed);
  const study = simulatedStudy(template, sites.map((site) => site.name));
  const held = together(sites, 'test');
  const rounds: number[] = [];
  const model = await federate(study, sites, startOf(study, held.width, seed), seed, async (parameters) => { rounds.push((await measure(study, 'accuracy', parameters, held)) ?? NaN); });
  if (name !== 'FedAvg') return { rounds };
  return { rounds, home: { global: await atHome(study, 'accuracy', sites, () => model), fineTuned: await atHome(study, 'accuracy', sites, (site) => fineTune(study, model, site, seed)) } };
}

/** Concentrations of the division: very uneven, and uneven. */
export const alphas = [0.1, 0.5] as const;

/** All strategies at each of `alphas`. */
export async function strategyRows(seeds: readonly string[], told: (line: string) => void): Promise<StrategyRow[]> {
  const rows: StrategyRow[] = [];
  for (const alpha of alphas) {
    const set: DataSet = { ...setNamed('digits'), assignment: { sites: 10, alpha } };
    for (const name of Object.keys(changes)) {
      const found: Once[] = [];
      for (const seed of seeds) found.push(await once(set, name, seed));
      const accuracy = interval(found.map(({ rounds }) => rounds.at(-1) ?? NaN));
      const homes = found.flatMap(({ home }) => home ?? []);
      rows.push({
        name, alpha, accuracy, rounds: (found[0]?.rounds ?? []).map((_, at) => found.reduce((sum, { rounds }) => sum + (rounds[at] ?? NaN) / found.length, 0)),
        ...(homes.length === 0 ? {} : { home: { global: interval(homes.map(({ global }) => global)), fineTuned: interval(homes.map(({ fineTuned }) => fineTuned)) } }),
      });
      told(`digits alpha ${alpha} ${name}: ${accuracy.mean.toFixed(4)}`);
    }
  }
  return rows;
}
