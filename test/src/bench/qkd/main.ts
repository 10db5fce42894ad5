/** `npm run bench:qkd`: the figures of the quantum link and the key server, printed as ratios of one run. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonLine, markdownTable, textLine, type Figure } from '../figure.js';
import { cascadeFigures } from './cascade.js';
import { firstKeyFigures } from './first-key.js';
import { kmeFigures } from './kme.js';
import { ldpcFigures } from './ldpc.js';
import { pipelineFigures } from './pipeline.js';
import { pulsesFigures } from './pulses.js';
import { toeplitzFigures } from './toeplitz.js';

interface Flags {
  readonly json?: true;
  readonly markdown?: true;
  readonly only: string;
  readonly runs: number;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** The benchmarks by what they measure. */
const benchmarks: Readonly<Record<string, (runs: number) => Promise<Figure[]>>> = {
  pipeline: pipelineFigures,
  pulses: pulsesFigures,
  firstKey: firstKeyFigures,
  kme: kmeFigures,
  cascade: cascadeFigures,
  toeplitz: toeplitzFigures,
  ldpc: ldpcFigures,
};

const program = new Command('bench:qkd')
  .description('Measures the emulated quantum link, its post-processing and the key server, each on its own.')
  .addHelpText('before', 'Example:\n  npm run bench:qkd -- --only pipeline --runs 3\n')
  .option('--json', 'one JSON object a figure')
  .option('--markdown', 'one table, for docs/performance.md')
  .addOption(new Option('--only <name>', 'one benchmark').choices(['all', ...Object.keys(benchmarks)]).default('all'))
  .option('--runs <n>', 'repetitions', positive, 3)
  .parse();

const flags = program.opts<Flags>();
const lines: Figure[] = [];
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (flags.only !== 'all' && flags.only !== name) continue;
  process.stderr.write(`${name} ...\n`);
  const figures = await benchmark(flags.runs);
  lines.push(...figures);
  if (!flags.markdown) for (const line of figures) process.stdout.write(`${flags.json ? jsonLine(line) : textLine(line)}\n`);
}
if (flags.markdown) process.stdout.write(`${markdownTable(lines)}\n`);
