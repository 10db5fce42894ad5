/** `npm run bench:fl`: federated learning beside Flower and PyTorch on the same machine, data and models, printed as ratios of one run. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { benchCommand, positive, runBenchmarks, type BenchFlags } from '../command.js';
import type { Figure } from '../figure.js';
import { layerFigures } from './layers.js';
import { RivalMissing } from './rival-python.js';
import { secureAggregationFigures } from './secure-aggregation.js';
import { totalFigures } from './totals.js';
import { trainingFigures } from './training.js';

interface Flags extends BenchFlags {
  readonly python?: string;
  readonly state: string;
  readonly batchIntervalMs: number;
  readonly deploymentRounds: number;
}

/** The benchmarks by what they measure. */
const benchmarks: Readonly<Record<string, (flags: Flags) => Promise<Figure[]>>> = {
  total: async ({ runs, python, state, batchIntervalMs, deploymentRounds }) => totalFigures({ runs, python, state, batchIntervalMs, deploymentRounds }),
  training: async ({ runs, python }) => trainingFigures(runs, python),
  overhead: async ({ runs }) => layerFigures(runs),
  secagg: async ({ runs, python }) => secureAggregationFigures(runs, python),
};

/** From the first round alone nothing can be reckoned. */
function twoOrMore(text: string): number {
  if (positive(text) < 2) throw new InvalidArgumentError('It must be 2 or more.');
  return positive(text);
}

const program = benchCommand('bench:fl', 'Measures federated learning beside Flower and PyTorch, which pip installs once into the user\'s cache folder.', 'npm run bench:fl -- --only secagg --runs 3', Object.keys(benchmarks))
  .option('--python <file>', 'a Python that has flwr[simulation] and torch, instead of environments of its own')
  .option('--state <dir>', 'folder of the network and the workers; removed afterwards', join(tmpdir(), 'epione-bench-fl'))
  .option('--batch-interval-ms <ms>', 'how long our orderers collect a block', positive, 100)
  .option('--deployment-rounds <n>', 'how many of the 30 rounds Flower\'s deployment mode really runs, from 2 on; the rest is reckoned', twoOrMore, 4)
  .parse();
try {
  await runBenchmarks(benchmarks, program.opts<Flags>());
} catch (error) {
  if (!(error instanceof RivalMissing)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
