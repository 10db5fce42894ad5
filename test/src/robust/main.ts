/** `npm run robust`: attacks against every rule on the digits, beside an independent program's table. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { positive } from '../bench/command.js';
import { hardness, tellHardness } from './adversarial.js';
import { anchors } from './anchors.js';
import { divide, readDigits } from './digits.js';
import { runCell } from './federation.js';
import { attacks, hospitals, plan, rootRows, rules, type RuleColumn } from './plan.js';
import { bound, fails, rowsOf, tellRows, type Cell } from './table.js';

interface Flags {
  readonly only?: RuleColumn;
  readonly seeds: number;
  readonly cells?: string;
  readonly adversarial?: true;
  readonly json?: true;
}

const { only, seeds, cells: file, adversarial, json } = new Command('robust')
  .description(`Trains ${hospitals} hospitals of which ${plan.attackers} attack, once for each attack, rule and seed. A row of accuracies more than ${bound} points from the anchor's, in the mean over the rules, is a failure.`)
  .addHelpText('before', 'Example:\n  npm run robust -- --only multi-krum --seeds 1\n')
  .addOption(new Option('--only <rule>', 'one rule').choices(Object.keys(rules)))
  .option('--seeds <n>', 'studies for each cell', positive, 5)
  .option('--cells <file>', 'lines of an earlier run with --json, which are not run again')
  .option('--adversarial', 'misleading inputs instead: standard and adversarial training under FGSM and PGD')
  .option('--json', 'one JSON object a study, as soon as it is done, instead of the table')
  .parse()
  .opts<Flags>();

if (adversarial) {
  const rows = await hardness(seeds);
  process.stdout.write(`${json ? JSON.stringify(rows) : tellHardness(rows)}\n`);
  process.exit(0);
}

const data = readDigits();
const cells: Cell[] = file === undefined ? [] : readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Cell);
for (let seed = 1; seed <= seeds; seed += 1) {
  for (const { dealing, attack } of anchors) {
    const parts = divide(data, dealing, hospitals, rootRows, `seed ${seed}`);
    for (const rule of Object.keys(rules) as RuleColumn[]) {
      const has = cells.some((cell) => cell.dealing === dealing && cell.attack === attack && cell.rule === rule && cell.seed === seed);
      if (has || (only !== undefined && only !== rule)) continue;
      const cell: Cell = { dealing, attack, rule, seed, ...runCell(parts, attacks[attack], rules[rule], plan, `seed ${seed}`) };
      cells.push(cell);
      process.stdout.write(json ? `${JSON.stringify(cell)}\n` : '');
      process.stderr.write(json ? '' : `${dealing}, ${attack}, ${rule}, seed ${seed}: ${(100 * cell.accuracy).toFixed(1)} %\n`);
    }
  }
}
const rows = rowsOf(cells.filter(({ rule }) => only === undefined || rule === only));
if (!json) process.stdout.write(`${tellRows(rows)}\n`);
const failed = rows.filter(fails);
for (const { dealing, attack, deviation } of failed) process.stderr.write(`${dealing}, ${attack}: ${deviation.toFixed(1)} points away, at most ${bound}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
