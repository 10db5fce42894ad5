/** Adversarial training on the digits: accuracy under the fast gradient sign and under PGD with 20 steps, by how far inputs may be moved; means over seeds. */
import { evaluate, evaluateAttacked, fastGradientSign, loadTf, pooled, seededRandom, train, type Adversary, type Dataset } from '@epione/fl-worker';
import { digitsModel, divide, readDigits, startOf } from './digits.js';

const grey = { lowest: 0, highest: 1 };
const epsilons = [0.05, 0.1, 0.15, 0.2];
const training = { optimizer: 'sgd', learningRate: '0.2', localEpochs: 40, batchSize: 16 } as const;
const adversarial = { epsilon: '0.15', steps: 7, stepSize: '0.05', lowest: '0', highest: '1' };

/** Percent. */
export interface Hardness {
  readonly training: 'standard' | 'PGD-7, 0.15';
  readonly clean: number;
  readonly under: readonly { readonly epsilon: number; readonly fgsm: number; readonly pgd: number }[];
}

/** PGD as it is usually run: 20 steps that could go two and a half times as far. */
const pgd20 = (epsilon: number): Adversary => ({ epsilon, steps: 20, stepSize: epsilon / 8, ...grey });

const mean = (values: readonly number[]): number => (100 * values.reduce((sum, value) => sum + value, 0)) / values.length;

/** Trains both ways for each seed, in one place. */
export async function hardness(seeds: number): Promise<Hardness[]> {
  const tf = await loadTf();
  const told: Hardness[] = [];
  for (const name of ['standard', 'PGD-7, 0.15'] as const) {
    const models: { readonly test: Dataset; readonly parameters: Float32Array }[] = [];
    for (let seed = 1; seed <= seeds; seed += 1) {
      const { root, hospitals, test } = divide(readDigits(), 'iid', 1, 100, `seed ${seed}`);
      const study = { model: digitsModel, training: name === 'standard' ? training : { ...training, adversarial } };
      models.push({ test, parameters: await train(tf, study, Float32Array.from(startOf(`seed ${seed}`)), pooled([root, ...hospitals]), seededRandom('hardness', seed)) });
    }
    const accuracy = async (adversary?: Adversary): Promise<number> => {
      const found = await Promise.all(models.map(({ test, parameters }) => (adversary === undefined ? evaluate({ model: digitsModel }, parameters, test) : evaluateAttacked({ model: digitsModel }, parameters, test, adversary))));
      return mean(found.map((metrics) => metrics.accuracy));
    };
    const under = [];
    for (const epsilon of epsilons) under.push({ epsilon, fgsm: await accuracy(fastGradientSign({ epsilon, ...grey })), pgd: await accuracy(pgd20(epsilon)) });
    told.push({ training: name, clean: await accuracy(), under });
  }
  return told;
}

/** In Markdown, FGSM / PGD in each cell. */
export const tellHardness = (rows: readonly Hardness[]): string => [
  `| training | clean | ${epsilons.map((epsilon) => `ε = ${epsilon}`).join(' | ')} |`,
  `|${'---|'.repeat(epsilons.length + 2)}`,
  ...rows.map(({ training: name, clean, under }) => `| ${name} | ${clean.toFixed(1)} | ${under.map(({ fgsm, pgd }) => `${fgsm.toFixed(1)} / ${pgd.toFixed(1)}`).join(' | ')} |`),
].join('\n');
