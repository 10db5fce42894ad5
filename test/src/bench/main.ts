/** `npm run bench:ledger`: the ledger's figures on networks of its own, printed as ratios of one run. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BenchNetwork } from './bench-network.js';
import { jsonLine, markdownTable, textLine, type Figure } from './figure.js';
import { withMembers } from './member.js';
import { recoveryFigures } from './recovery.js';
import { replayFigures } from './replay.js';
import { round50Figures } from './round50.js';
import { throughputFigures } from './throughput.js';

interface Flags {
  readonly json?: true;
  readonly markdown?: true;
  readonly only: string;
  readonly runs: number;
  readonly batchIntervalMs: number;
  readonly state: string;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
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

const program = new Command('bench:ledger')
  .description('Measures the ledger on networks that it brings up and removes again.')
  .addHelpText('before', 'Example:\n  npm run bench:ledger -- --only throughput.bft --runs 3\n')
  .option('--json', 'one JSON object a figure')
  .option('--markdown', 'one table, for docs/performance.md')
  .addOption(new Option('--only <name>', 'one benchmark').choices(['all', ...Object.keys(benchmarks)]).default('all'))
  .option('--runs <n>', 'repetitions', positive, 3)
  .option('--batch-interval-ms <ms>', 'how long orderers collect a block', positive, 100)
  .option('--state <dir>', 'folder for the networks; removed afterwards', join(tmpdir(), 'epione-bench'))
  .parse();

const flags = program.opts<Flags>();
const lines: Figure[] = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (flags.only !== 'all' && flags.only !== name) continue;
  process.stderr.write(`${name} ...\n`);
  const figures = await benchmark(flags);
  lines.push(...figures);
  if (!flags.markdown) for (const line of figures) process.stdout.write(`${flags.json ? jsonLine(line) : textLine(line)}\n`);
}
if (flags.markdown) process.stdout.write(`${markdownTable(lines)}\n`);
