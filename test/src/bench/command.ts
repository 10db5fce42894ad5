/** What every benchmark's command line has in common: which ones, how often, and how figures are printed. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { jsonLine, markdownTable, textLine, type Figure } from './figure.js';

/** What every benchmark is told. */
export interface BenchFlags {
  readonly json?: true;
  readonly markdown?: true;
  readonly only: string;
  readonly runs: number;
}

/** Reads an option that counts something. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** A command with the shared options; its help starts with an example. @param names of its benchmarks */
export function benchCommand(name: string, description: string, example: string, names: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .addHelpText('before', `Example:\n  ${example}\n`)
    .option('--json', 'one JSON object a figure')
    .option('--markdown', 'one table, for docs/performance.md')
    .addOption(new Option('--only <name>', 'one benchmark').choices(['all', ...names]).default('all'))
    .option('--runs <n>', 'repetitions', positive, 3);
}

/** Runs those that are asked for, one after another, and prints their figures. */
export async function runBenchmarks<Flags extends BenchFlags>(benchmarks: Readonly<Record<string, (flags: Flags) => Promise<Figure[]>>>, flags: Flags): Promise<void> {
  const lines: Figure[] = [];
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (flags.only !== 'all' && flags.only !== name) continue;
    process.stderr.write(`${name} ...\n`);
    const figures = await benchmark(flags);
    lines.push(...figures);
    if (!flags.markdown) for (const line of figures) process.stdout.write(`${flags.json ? jsonLine(line) : textLine(line)}\n`);
  }
  if (flags.markdown) process.stdout.write(`${markdownTable(lines)}\n`);
}
