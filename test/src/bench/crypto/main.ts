/** `npm run bench:crypto`: the figures of signatures, wraps, sealed objects and proofs, printed as ratios of one run. */
import { benchCommand, runBenchmarks, type BenchFlags } from '../command.js';
import type { Figure } from '../figure.js';
import { combinerFigures } from './combiner.js';
import { sealingFigures } from './sealing.js';
import { inclusionFigures } from './inclusion.js';
import { signatureFigures } from './signatures.js';

/** The benchmarks by what they measure. */
const benchmarks: Readonly<Record<string, (flags: BenchFlags) => Promise<Figure[]>>> = {
  signatures: async ({ runs }) => signatureFigures(runs),
  combiner: async ({ runs }) => combinerFigures(runs),
  sealing: async ({ runs }) => sealingFigures(runs),
  inclusion: async ({ runs }) => inclusionFigures(runs),
};

const program = benchCommand('bench:crypto', 'Measures the cryptography, each part on its own.', 'npm run bench:crypto -- --only signatures --runs 3', Object.keys(benchmarks)).parse();
await runBenchmarks(benchmarks, program.opts<BenchFlags>());
