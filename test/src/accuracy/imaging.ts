/** Convolutional networks on images: pooled and federated, and federated under patient-level privacy. */
import { epsilonAfter, stepsPerRound, type BudgetTerms } from '@epione/protocol';
import { evaluate, holdOut, selectRows, simulatedStudy, splitDirichlet, trainAlone, type Dataset, type StudyTemplate } from '@epione/fl-worker';
import { federate, startOf } from './comparison.js';
import { templateOf, type DividedSite } from './data.js';
import { readMnist, readPneumonia } from './images.js';
import { interval, type Interval } from './interval.js';

/** Rows to train on and rows to judge by. */
export interface Parts {
  readonly train: Dataset;
  readonly test: Dataset;
}

const indices = (data: Dataset): number[] => Array.from({ length: data.rows }, (_, row) => row);
const classIn = ({ labels }: Dataset) => (row: number): string => String(labels[row]);

/** The image sets, by what their folder in data/ is called. */
export const images: Readonly<Record<string, (path: string, seed: string) => Parts>> = {
  /** A fifth is held out, another one for each seed, because the package has no test part. */
  mnist: (folder, seed) => {
    const all = readMnist(folder);
    const { rest, held } = holdOut(indices(all), 0.2, seed, classIn(all));
    return { train: selectRows(all, rest), test: selectRows(all, held) };
  },
  pneumonia: (file) => readPneumonia(file),
};

/** Deals the training rows to hospitals by a Dirichlet draw for each class. */
export function dealt({ train, test }: Parts, sites: number, alpha: number, seed: string): DividedSite[] {
  return splitDirichlet(indices(train), alpha, sites, seed, classIn(train), 0).map((rows, at) => ({ name: `Site${at + 1}MSP`, train: selectRows(train, rows), test: selectRows(test, []) }));
}

/** What a set's models reach on rows that nobody trained on. */
export interface ImageRow {
  readonly name: string;
  readonly rows: number;
  readonly testRows: number;
  readonly sites: number;
  readonly pooled: { readonly auc: Interval; readonly accuracy: Interval };
  readonly federated: { readonly auc: Interval; readonly accuracy: Interval };
}

type Scores = { readonly auc: number; readonly accuracy: number };
const both = (scores: readonly Scores[]): ImageRow['pooled'] => ({ auc: interval(scores.map(({ auc }) => auc)), accuracy: interval(scores.map(({ accuracy }) => accuracy)) });

/** Compares pooled and federated training on images that the reader has. @param path see `images.ts`. */
export async function compareImages(name: string, path: string, seeds: readonly string[], told: (line: string) => void): Promise<ImageRow> {
  const template = templateOf(name);
  const [pooled, federated]: [Scores[], Scores[]] = [[], []];
  let [rows, testRows] = [0, 0];
  for (const seed of seeds) {
    const parts = (images[name] as (path: string, seed: string) => Parts)(path, seed);
    const sites = dealt(parts, 5, 0.5, seed);
    const study = simulatedStudy(template, sites.map((site) => site.name));
    const initial = startOf(study, parts.train.width, seed);
    const judge = async (parameters: Float32Array): Promise<Scores> => {
      const { auc, accuracy } = await evaluate(study, parameters, parts.test);
      return { auc: auc ?? NaN, accuracy };
    };
    pooled.push(await judge(await trainAlone(study, initial, parts.train, seed)));
    federated.push(await judge(await federate(study, sites, initial, seed)));
    [rows, testRows] = [parts.train.rows, parts.test.rows];
    told(`${name} seed ${seed}: pooled ${JSON.stringify(pooled.at(-1))}, federated ${JSON.stringify(federated.at(-1))}`);
  }
  return { name, rows, testRows, sites: 5, pooled: both(pooled), federated: both(federated) };
}

/** How the network is trained within a budget: noise that ends just within epsilon 3 at delta 0.00001 after all steps. */
const budget: BudgetTerms = { unit: 'patient', clippingNorm: '1', noiseMultiplier: '1.85', epsilon: '3', delta: '0.00001', sampling: 'poisson', samplingRate: '0.04', accountant: 'rdp' };

/** A private model's accuracy and what it cost. */
export interface PrivateRow {
  readonly rows: number;
  readonly sites: number;
  readonly steps: number;
  readonly epsilon: string;
  readonly accuracies: readonly number[];
}

/** DP-SGD on the digits among so many sites, each hiding its own writers; all rows in one place with one. */
export async function privateDigits(path: string, sites: number, seeds: readonly string[], told: (line: string) => void, changes: Partial<BudgetTerms> & { readonly learningRate?: string; readonly epochs?: number } = {}): Promise<PrivateRow> {
  const { learningRate = '0.5', epochs = 30, ...terms } = changes;
  const plain = templateOf('mnist');
  const privacy: BudgetTerms = { ...budget, ...terms };
  const template: StudyTemplate = { ...plain, privacy, training: { ...plain.training, learningRate, localEpochs: 2 }, rounds: { ...plain.rounds, count: epochs / 2 } };
  const accuracies: number[] = [];
  let [rows, steps] = [0, 0];
  for (const seed of seeds) {
    const parts = (images['mnist'] as (path: string, seed: string) => Parts)(path, seed);
    const divided = dealt(parts, sites, 100, seed);
    const study = simulatedStudy(template, divided.map(({ name }) => name));
    let round = 0;
    const parameters = await federate(study, divided, startOf(study, parts.train.width, seed), seed, async (now) => {
      if (++round % 3 === 0) told(`private digits, ${sites} sites, seed ${seed}, round ${round}: accuracy ${(await evaluate(study, now, parts.test)).accuracy.toFixed(4)}`);
    });
    accuracies.push((await evaluate(study, parameters, parts.test)).accuracy);
    [rows, steps] = [parts.train.rows, study.rounds.count * stepsPerRound({ training: study.training, privacy })];
  }
  return { rows, sites, steps, epsilon: epsilonAfter(privacy, steps), accuracies };
}
