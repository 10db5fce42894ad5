/** `npm run compression`: bytes of an update and accuracy of the model for each kind of compression. */
import { Command, Option } from 'commander';
import { table } from '@epione/fl-worker';
import { positive } from '../bench/command.js';
import { kinds, measureAll } from './measure.js';
import { digits, wdbc } from './tasks.js';

const tasks = { wdbc, digits };

interface Flags {
  readonly only?: keyof typeof tasks;
  readonly seeds: number;
  readonly json?: true;
}

const { only, seeds, json } = new Command('compression')
  .description('Trains each study once for each kind of compression and seed, among simulated hospitals.')
  .addHelpText('before', 'Example:\n  npm run compression -- --only wdbc --seeds 3\n')
  .addOption(new Option('--only <study>', 'one study').choices(Object.keys(tasks)))
  .option('--seeds <n>', 'divisions of the rows', positive, 3)
  .option('--json', 'one JSON object a line of the table')
  .parse()
  .opts<Flags>();

for (const name of Object.keys(tasks) as (keyof typeof tasks)[]) {
  if (only !== undefined && only !== name) continue;
  const task = tasks[name]();
  const rows: string[][] = [];
  for (const kind of Object.keys(kinds)) {
    const { bytes, accuracy, logLoss } = await measureAll(task, kind, seeds);
    if (json) process.stdout.write(`${JSON.stringify({ study: name, compression: kind, seeds, bytes, accuracy, logLoss })}\n`);
    rows.push([kind, String(bytes), `${(100 * accuracy).toFixed(1)} %`, logLoss.toFixed(4)]);
  }
  if (!json) process.stdout.write(`${table([name, 'bytes', 'accuracy', 'log loss'], rows)}\n`);
}
