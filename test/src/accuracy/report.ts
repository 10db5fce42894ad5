/** The tables of docs/accuracy.md, in Markdown. */
import type { Comparison } from './comparison.js';
import type { ImageRow, PrivateRow } from './imaging.js';
import { holds, interval, tell } from './interval.js';
import type { StrategyRow } from './strategies.js';

const rows = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map((_, at) => (at === 0 ? '---' : '---:')), ...body].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

const metricNames = { auc: 'AUC', accuracy: 'accuracy', concordance: 'concordance' } as const;

/** Pooled, local and federated models; then what they are worth at home. */
export function comparisonTables(compared: readonly Comparison[]): string {
  const main = rows(
    ['data', 'rows', 'hospitals', 'metric', 'pooled', 'federated', 'local, mean', 'federated − pooled', 'in the interval', 'another library, all rows'],
    compared.map((of) => [of.name, String(of.rows), String(of.sites), metricNames[of.metric], tell(of.pooled), tell(of.federated), tell(of.local), tell(of.difference), holds(of.pooled, of.federated.mean) ? 'yes' : 'no', of.anchor]),
  );
  const home = rows(['data', 'own model', 'federated', 'fine-tuned'], compared.map(({ name, home: { local, federated, fineTuned } }) => [name, tell(local), tell(federated), tell(fineTuned)]));
  return `${main}\nOn each hospital's own held-out rows, mean by their number:\n\n${home}`;
}

/** Strategies by how evenly the data are divided. */
export function strategyTable(found: readonly StrategyRow[]): string {
  const alphas = [...new Set(found.map(({ alpha }) => alpha))];
  const cell = (name: string, alpha: number): string => {
    const row = found.find((one) => one.name === name && one.alpha === alpha);
    return row === undefined ? '–' : tell(row.accuracy);
  };
  const byStrategy = rows(['strategy', ...alphas.map((alpha) => `Dirichlet ${alpha}`)], [...new Set(found.map(({ name }) => name))].map((name) => [name, ...alphas.map((alpha) => cell(name, alpha))]));
  const homes = found.flatMap(({ alpha, home }) => (home === undefined ? [] : [{ alpha, ...home }]));
  return `${byStrategy}\nFedAvg on each site's own held-out rows:\n\n${rows(['', ...homes.map(({ alpha }) => `Dirichlet ${alpha}`)], [['global model', ...homes.map(({ global }) => tell(global))], ['fine-tuned at home', ...homes.map(({ fineTuned }) => tell(fineTuned))]])}`;
}

/** Convolutional networks on images. */
export const imageTable = (found: readonly ImageRow[]): string =>
  rows(['data', 'rows trained on', 'held out', 'hospitals', 'pooled AUC', 'federated AUC', 'pooled accuracy', 'federated accuracy'],
    found.map((of) => [of.name, String(of.rows), String(of.testRows), String(of.sites), tell(of.pooled.auc), tell(of.federated.auc), tell(of.pooled.accuracy), tell(of.federated.accuracy)]));

/** Training within a budget. */
export const privateTable = (found: readonly PrivateRow[]): string =>
  rows(['hospitals', 'rows trained on', 'steps', 'epsilon', 'accuracy'], found.map((of) => [String(of.sites), String(of.rows), String(of.steps), of.epsilon, tell(interval(of.accuracies))]));
