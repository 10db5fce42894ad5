/** The checks of the machine and of what is trained on it: Node, profile, engine, data file. */
import { readFile } from 'node:fs/promises';
import { readCsv } from '../data/csv.js';
import { inputWidth } from '../data/dataset.js';
import { readTrainingData } from '../run.js';
import { profileOf } from '../site/membership.js';
import { fastest, probeEngines, tellProbe } from '../training/engine-choice.js';
import { assertMemory, memoryAllowed } from '../training/memory.js';
import { describeModel } from '../training/model.js';
import { hasTensorflow, openEngine } from '../training/tf.js';
import type { Recipe } from '../training/train.js';
import { fault, ok, type Check, type Remark } from './finding.js';

/** The first Node whose OpenSSL has X25519MLKEM768 and the fixes it needs. */
const leastNode = [24, 16] as const;

/** What there is to say about a Node. */
export function nodeRemark({ node, openssl }: { readonly node: string; readonly openssl: string }): Remark {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const told = `Node ${node} with OpenSSL ${openssl}`;
  const old = major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]) || Number.parseFloat(openssl) < 3.5;
  return old ? fault('NODE_OLD', `${told} has no sound post-quantum key exchange`, `Use Node ${leastNode.join('.')} or later with its own OpenSSL.`) : ok(told);
}

export const node: Check = { name: 'node', remedy: '', examine: () => [nodeRemark(process.versions)] };

export const profile: Check = {
  name: 'profile', remedy: 'Name the connection profile that the network operator gave you.',
  examine: async ({ config }) => [ok(`channel ${(await profileOf(config)).channel}`)],
};

/** What trains here, by a probe with the study's model, or with a small one where there is no study yet. */
export const engine: Check = {
  name: 'engine', remedy: 'Build @tensorflow/tfjs-node as docs/engine.md says.',
  examine: async ({ study, elapsed }) => {
    const inputs = study === undefined ? 30 : inputWidth(study);
    const recipe: Recipe = study ?? { model: describeModel({ kind: 'logistic', layers: [] }, inputs, 'zeros'), training: { optimizer: 'sgd', learningRate: '0.1', localEpochs: 1, batchSize: 32 } };
    const probed = await probeEngines(recipe, inputs, elapsed);
    const named = recipe.training.engine;
    const taken = named === undefined ? fastest(probed).engine : await openEngine(named);
    return [ok(`${taken.name} (${taken.told})${named === undefined ? '' : ', named by the study'}: ${tellProbe(probed)}${hasTensorflow() ? '' : ', tensorflow is not installed'}`)];
  },
};

/** Whether training the study fits: with the rows that there are, or with a thousand where they cannot be read. */
export const memory: Check = {
  name: 'memory', remedy: 'Raise limits.memoryMb, or the memory of the machine.',
  examine: async ({ config, study }) => {
    const allowed = memoryAllowed(config.limits);
    if (study !== undefined && config.data !== undefined) assertMemory(study, (await readTrainingData(config, study).catch(() => ({ rows: 1000 }))).rows, inputWidth(study), config.limits, allowed);
    return [ok(`${(allowed / 1e6).toFixed(0)} MB for the worker${config.limits?.memoryMb === undefined ? '' : ', by limits.memoryMb'}`)];
  },
};

export const dataFile: Check = {
  name: 'data file', remedy: 'Correct the data file, or data.train in the configuration.',
  examine: async ({ config, study }) => {
    if (config.data === undefined) return [ok('none: this organization aggregates only')];
    if (study === undefined) return [ok(`${readCsv(await readFile(config.data.train, 'utf8')).records.length} rows, not compared with a study`)];
    return [ok(`${(await readTrainingData(config, study)).rows} rows fit the study`)];
  },
};
