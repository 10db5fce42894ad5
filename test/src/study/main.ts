/** `npm start`: runs the study and prints what came of it. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError, repository } from './command.js';
import { outcomePlot, outcomeText } from './outcome.js';
import { Progress } from './progress.js';
import { runStudy } from './run.js';

interface Flags {
  readonly eve?: number;
  readonly rounds: number;
  readonly seed: string;
  readonly qkdMissing: 'fail' | 'fallback';
  readonly aggregation: 'visible' | 'masked';
  readonly expansion: 'mask-aes256ctr' | 'mask-otp';
  readonly privacy: 'patient' | 'none';
  readonly state: string;
  readonly json?: true;
}

const fraction = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
};

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new InvalidArgumentError('It must be a whole number from 1 to 1000.');
  return value;
};

const program = new Command('npm start --')
  .description('One federated study of three hospitals and a regulator on this machine, end to end.')
  .addHelpText('before', 'Example:\n  npm start -- --eve 0.5\n')
  .option('--eve <fraction>', 'an eavesdropper measures this share of the pulses between HospitalA and HospitalB, 0 to 1', fraction)
  .option('--rounds <n>', 'federated rounds', count, 5)
  .option('--seed <text>', 'fixes the division of the data and, with --privacy none, the order of rows and so the model', 'epione')
  .addOption(new Option('--qkd-missing <policy>', 'what a hospital without QKD keys does').choices(['fail', 'fallback']).default('fail'))
  .addOption(new Option('--aggregation <mode>', 'whether aggregators see only the sum of updates, under masks from QKD keys, or each of them').choices(['masked', 'visible']).default('masked'))
  .addOption(new Option('--expansion <suite>', 'what masks are made of: expanded from seeds, or one-time pads of QKD key, for which nothing stands in').choices(['mask-aes256ctr', 'mask-otp']).default('mask-aes256ctr'))
  .addOption(new Option('--privacy <unit>', 'whom noise hides while the model is trained; other rounds than the study has get the noise that its budget asks for').choices(['patient', 'none']).default('patient'))
  .option('--state <dir>', 'folder of the network, keys, data and results', join(repository, '.state', 'study'))
  .option('--json', 'the outcome as one JSON document on stdout')
  .allowExcessArguments(false)
  .exitOverride();

/** Exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy. */
async function main(): Promise<number> {
  const flags = program.parse().opts<Flags>();
  const progress = new Progress(process.stderr);
  const { eve, rounds, seed, qkdMissing, aggregation, expansion, privacy } = flags;
  if (expansion === 'mask-otp' && aggregation === 'visible') program.error('error: --expansion mask-otp is for updates under masks: leave --aggregation visible out');
  if (expansion === 'mask-otp' && qkdMissing === 'fallback') program.error('error: --expansion mask-otp has no fallback: one-time pads are QKD key');
  const { outcome, places } = await runStudy({ state: resolve(flags.state), rounds, seed, qkdMissing, aggregation, expansion, privacy, progress, ...(eve === undefined ? {} : { eve: { interceptFraction: eve } }) });
  const svg = outcomePlot(outcome);
  const folder = places.run(outcome.study.name);
  if (svg !== undefined) writeFileSync(join(folder, 'outcome.svg'), svg);
  process.stdout.write(flags.json === true ? `${JSON.stringify(outcome)}\n` : `\n${outcomeText(outcome)}\n\nResults${svg === undefined ? '' : ', a plot (outcome.svg)'} and logs: ${folder}\n`);
  if (outcome.verify.verdict === 'invalid') return 1;
  return outcome.outcome === 'refused' ? 3 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommandError && error.exitCode > 1 ? error.exitCode : 1;
  }
}
