/** `npm run bench:qkd`: the figures of the quantum link and the key server, printed as ratios of one run. */
import { benchCommand, runBenchmarks, type BenchFlags } from '../command.js';
import type { Figure } from '../figure.js';
import { cascadeFigures } from './cascade.js';
import { firstKeyFigures } from './first-key.js';
import { kmeFigures } from './kme.js';
import { ldpcFigures } from './ldpc.js';
import { pipelineFigures } from './pipeline.js';
import { pulsesFigures } from './pulses.js';
import { toeplitzFigures } from './toeplitz.js';

/** The benchmarks by what they measure. */
const benchmarks: Readonly<Record<string, (flags: BenchFlags) => Promise<Figure[]>>> = {
  pipeline: async ({ runs }) => pipelineFigures(runs),
  pulses: async ({ runs }) => pulsesFigures(runs),
  firstKey: async ({ runs }) => firstKeyFigures(runs),
  kme: async ({ runs }) => kmeFigures(runs),
  cascade: async ({ runs }) => cascadeFigures(runs),
  toeplitz: async ({ runs }) => toeplitzFigures(runs),
  ldpc: async ({ runs }) => ldpcFigures(runs),
};

const program = benchCommand('bench:qkd', 'Measures the emulated quantum link, its post-processing and the key server, each on its own.', 'npm run bench:qkd -- --only pipeline --runs 3', Object.keys(benchmarks)).parse();
await runBenchmarks(benchmarks, program.opts<BenchFlags>());
