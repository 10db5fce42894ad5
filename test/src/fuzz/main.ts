/** `npm run fuzz`: changes every format that comes from outside, and finds what crashes or is accepted falsely. */
import { Command, Option } from 'commander';
import { positive } from '../bench/command.js';
import { fuzz, shares, type Outcome } from './run.js';
import { findTargets } from './target.js';

interface Flags {
  readonly cases: number;
  readonly seed: string;
  readonly only?: string;
  readonly from: number;
  readonly json?: true;
}

/** CPU time, because others may use the machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const targets = await findTargets();
const { cases, seed, only, from, json } = new Command('fuzz')
  .description('Changes valid inputs of every format that comes from outside: none may crash its reader, no signed or sealed one may be accepted.')
  .addHelpText('before', 'Example:\n  npm run fuzz -- --cases 100000 --only "sealed update"\n')
  .option('--cases <n>', 'cases of all targets together', positive, 1_000_000)
  .option('--seed <text>', 'the same text gives the same cases', 'epione')
  .addOption(new Option('--only <target>', 'one target').choices(targets.map(({ name }) => name)))
  .option('--from <index>', 'number of the first case of a target, to repeat one', Number, 0)
  .option('--json', 'one JSON object a target')
  .parse()
  .opts<Flags>();

const chosen = targets.filter(({ name }) => only === undefined || name === only);
const counts = shares(chosen, cases);
const outcomes: Outcome[] = [];
const row = (...cells: readonly (string | number)[]): string => cells.map((cell, at) => (at === 0 ? String(cell).padEnd(42) : String(cell).padStart(11))).join('');
if (!json) process.stdout.write(`${row('format', 'cases', 'refused', 'accepted', 'crashes', 'false', 'slowest ms')}\n`);
const line = (name: string, all: readonly Outcome[]): string => {
  const sum = (of: (outcome: Outcome) => number): number => all.reduce((total, outcome) => total + of(outcome), 0);
  const failed = (kind: string): number => sum(({ failures }) => failures.filter((failure) => failure.kind === kind).length);
  return row(name, sum((outcome) => outcome.cases), sum(({ refused }) => refused), sum(({ accepted }) => accepted), failed('crash'), failed('false accept'), Math.max(...all.map(({ slowestMs }) => slowestMs)).toFixed(1));
};
for (const [at, target] of chosen.entries()) {
  const outcome = await fuzz(target, counts[at] ?? 0, seed, cpuMs, from);
  outcomes.push(outcome);
  process.stdout.write(`${json ? JSON.stringify(outcome) : line(target.name, [outcome])}\n`);
  for (const { index, kind, what, input } of outcome.failures) {
    process.stderr.write(`${kind} of ${target.name}: ${what}\n  npm run fuzz -- --seed ${JSON.stringify(seed)} --only ${JSON.stringify(target.name)} --from ${index} --cases 1\n  input (base64): ${input.slice(0, 2000)}\n`);
  }
}
if (!json) process.stdout.write(`${line('all', outcomes)}\n`);
process.exitCode = outcomes.some(({ failures }) => failures.length > 0) ? 1 : 0;
