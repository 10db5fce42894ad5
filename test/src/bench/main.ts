/** `npm run bench:ledger`: the ledger's figures on networks of its own, printed as ratios of one run. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchNetwork } from './bench-network.js';
import { benchCommand, positive, runBenchmarks, type BenchFlags } from './command.js';
import type { Figure } from './figure.js';
import { withMembers } from './member.js';
import { recoveryFigures } from './recovery.js';
import { replayFigures } from './replay.js';
import { round50Figures } from './round50.js';
import { throughputFigures } from './throughput.js';

interface Flags extends BenchFlags {
  readonly batchIntervalMs: number;
  readonly state: string;
}

/** The benchmarks by what they measure. */
const benchmarks: Readonly<Record<string, (flags: Flags) => Promise<Figure[]>>> = {
  'throughput.bft': async (flags) => throughput(flags, 'bft'),
  'throughput.raft': async (flags) => throughput(flags, 'raft'),
  round50: async ({ state, batchIntervalMs, runs }) => round50Figures(state, batchIntervalMs, runs),
  recovery: async ({ state, runs }) => recoveryFigures(state, runs),
  replay: async () => replayFigures(1000, 50),
};

async function throughput({ state, batchIntervalMs, runs }: Flags, consensus: 'bft' | 'raft'): Promise<Figure[]> {
  await using network = await BenchNetwork.start(state, consensus, batchIntervalMs);
  return await withMembers(network.mspIds.map((mspId) => network.profileFile(mspId)), async (members) => throughputFigures(network, members, consensus, batchIntervalMs, runs));
}

const program = benchCommand('bench:ledger', 'Measures the ledger on networks that it brings up and removes again.', 'npm run bench:ledger -- --only throughput.bft --runs 3', Object.keys(benchmarks))
  .option('--batch-interval-ms <ms>', 'how long orderers collect a block', positive, 100)
  .option('--state <dir>', 'folder for the networks; removed afterwards', join(tmpdir(), 'epione-bench'))
  .parse();
await runBenchmarks(benchmarks, program.opts<Flags>());
