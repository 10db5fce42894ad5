/** The command `fl-worker simulate`: a study's rounds in one process, with a table, a plot and the model's digest. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel, readStudy, type Study } from '@epione/protocol';
import { InvalidArgumentError, type Command } from 'commander';
import { parseDocument } from 'yaml';
import { assertVisible, contributionDigest, contributionOf, type Contribution, type ContributionOptions, type TestRows, type UtilityName } from '../contribution/contribution.js';
import type { PlayedRound } from '../contribution/round-game.js';
import { contributionText, keepContribution } from '../contribution/told.js';
import { toDataset, type Dataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { linePlot } from '../figures/line-plot.js';
import { table } from '../figures/table.js';
import { reportTo, type Report } from '../progress.js';
import { simulate, type SimulatedRound, type Simulation } from '../simulation/simulate.js';
import { initialOf, simulatedStudy } from '../simulation/simulated-study.js';
import { classColumn, siteDatasets, siteTables } from '../simulation/site-data.js';
import { readStudyTemplate, type StudyTemplate } from '../study-template.js';
import { judge } from '../training/baseline.js';
import { hasLocal } from '../training/local-tensors.js';
import type { Metrics, SurvivalMetrics } from '../training/metrics.js';
import { utilityOption } from './contribution-command.js';
import type { Print } from './member-command.js';

interface SimulateOptions {
  readonly data: string[];
  readonly seed: string;
  readonly sites?: number;
  readonly alpha: number;
  readonly least: number;
  readonly testFraction: number;
  readonly test?: string;
  readonly idColumn?: string;
  readonly rounds?: number;
  readonly dropOut: number;
  readonly initialSeed?: string;
  readonly masks: boolean;
  readonly contribution?: boolean;
  readonly utility?: UtilityName;
  readonly out?: string;
  readonly json?: boolean;
}

/** A round as it is told. */
interface ToldRound extends Pick<SimulatedRound, 'round' | 'model' | 'code' | 'absent' | 'excluded'> {
  readonly used: number;
  readonly epsilon?: string;
  readonly metrics?: Metrics | SurvivalMetrics;
}

function within(least: number, most: number, whole: boolean) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    return value;
  };
}

/** A study file: the complete document, or a template that any sites complete. */
type StudyFile = { readonly document: Study } | { readonly template: StudyTemplate };

function readStudyFile(yaml: string): StudyFile {
  const value = parseDocument(yaml).toJS() as Readonly<Record<string, unknown>> | null; // what is no YAML, the template's reader says
  return value?.['participants'] === undefined ? { template: readStudyTemplate(yaml) } : { document: readStudy(value) };
}

function studyOf(file: StudyFile, sites: readonly string[], rounds: number | undefined): Study {
  const study = 'document' in file ? file.document : simulatedStudy(file.template, sites);
  return rounds === undefined ? study : { ...study, rounds: { ...study.rounds, count: rounds } };
}

/** What a model is measured by first. */
const metricOf = (metrics: Metrics | SurvivalMetrics): number => ('concordance' in metrics ? metrics.concordance : metrics.auc) ?? NaN;

const digits = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(4));

function roundsTable(study: Study, rounds: readonly ToldRound[]): string {
  const cox = study.model.kind === 'cox';
  const cells = ({ metrics }: ToldRound): string[] => {
    if (metrics === undefined) return [];
    return 'concordance' in metrics ? [digits(metrics.concordance), digits(metrics.logLoss)] : [digits(metrics.auc), digits(metrics.accuracy), digits(metrics.logLoss)];
  };
  const measured = rounds.some(({ metrics }) => metrics !== undefined) ? (cox ? ['concordance', 'log loss'] : ['AUC', 'accuracy', 'log loss']) : [];
  const private_ = rounds.some(({ epsilon }) => epsilon !== undefined);
  const headings = ['round', 'outcome', 'updates', 'absent', 'excluded', ...measured, ...(private_ ? ['epsilon'] : [])];
  return table(headings, rounds.map((round) => [round.round, round.code ?? 'model', round.used, round.absent.length, round.excluded.length, ...cells(round), ...(private_ ? [round.epsilon ?? '-'] : [])]));
}

async function told(study: Study, ended: SimulatedRound, test: Dataset | undefined): Promise<ToldRound> {
  const { round, model, code, absent, excluded, used, spent } = ended;
  return {
    round, used: used.length, absent, excluded, ...(model === undefined ? {} : { model }), ...(code === undefined ? {} : { code }),
    ...(spent === undefined ? {} : { epsilon: spent.epsilon }), ...(test === undefined ? {} : { metrics: await judge(study, ended.parameters, test) }),
  };
}

function tell(report: Report, { round, model, code, used, absent, excluded, epsilon, metrics }: ToldRound): void {
  const rounded = Object.fromEntries(Object.entries(metrics ?? {}).flatMap(([name, value]) => (typeof value === 'number' ? [[name, Number(value.toFixed(4))]] : [])));
  report('round', { round, model, code, updates: used, absent: absent.length, excluded: excluded.length, epsilon, ...rounded });
}

/** A simulation as it goes: its rounds so far, and the last that gave a model. */
interface Course {
  readonly rounds: ToldRound[];
  last?: SimulatedRound;
}

/** Runs, tells and remembers each round; gives those with a model as contributions want them. */
async function* follow(simulation: Simulation, test: Dataset | undefined, report: Report, course: Course): AsyncGenerator<PlayedRound> {
  const { study } = simulation;
  for await (const ended of simulate(simulation)) {
    const line = await told(study, ended, test);
    course.rounds.push(line);
    tell(report, line);
    const { round, model, base: parameters, state, words } = ended;
    if (model === undefined) continue;
    course.last = ended;
    yield { round, model, parameters, state, words: words ?? new Map(), participants: study.participants.length };
  }
}

/** What is simulated, and on what it is tested. */
type Prepared = Pick<Simulation, 'study' | 'sites'> & { readonly test: TestRows | undefined };

/** Reads the study and its rows. @throws WorkerError with every fault, before a round is run. */
async function prepare(file: string, options: SimulateOptions): Promise<Prepared> {
  const { idColumn, rounds } = options;
  const yaml = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('STUDY_INVALID', `cannot read the study ${file}`, { cause });
  });
  const read = readStudyFile(yaml);
  const tables = await siteTables(options, classColumn('document' in read ? read.document : read.template));
  const study = studyOf(read, [...tables.sites.keys()], rounds);
  const held = hasLocal(study.model) ? undefined : tables.test;
  return { study, sites: siteDatasets(study, tables.sites, idColumn), test: held && { data: toDataset(held.table, study, idColumn), digest: held.digest } };
}

/** Runs to the end; the contribution where one is wanted. */
async function runOut(played: AsyncGenerator<PlayedRound>, wanted: ContributionOptions | undefined): Promise<Contribution | undefined> {
  if (wanted !== undefined) return contributionOf(wanted, played);
  while ((await played.next()).done !== true);
  return undefined;
}

/** What contributions need. @throws WorkerError UPDATES_HIDDEN, STUDY_INVALID, DATA_MISSING without test rows. */
function wantedOf({ study, test }: Prepared, { contribution, utility }: SimulateOptions): ContributionOptions | undefined {
  if (contribution !== true) return undefined;
  assertVisible(study);
  if (test === undefined) throw new WorkerError('DATA_MISSING', 'contributions are measured on test rows', { remedy: 'Give --test, or divide a file.' });
  return { study, test, utility };
}

async function run(file: string, options: SimulateOptions, print: Print): Promise<void> {
  const { json, seed, dropOut, masks } = options;
  const report = reportTo(process.stderr, process.stderr.isTTY && json !== true, {}, Date.now);
  const prepared = await prepare(file, options);
  const { study, sites, test } = prepared;
  const wanted = wantedOf(prepared, options);
  report('simulation', { study: study.name, sites: sites.size, rows: [...sites.values()].reduce((sum, { rows }) => sum + rows, 0), testRows: test?.data.rows });
  const course: Course = { rounds: [] };
  const contribution = await runOut(follow({ study, sites, seed, dropOut, masks, keepWords: wanted !== undefined, initial: initialOf(study, options.initialSeed) }, test?.data, report, course), wanted);
  const model = course.last?.model;
  const result = {
    study: study.name, seed, sites: Object.fromEntries([...sites].map(([mspId, { rows }]) => [mspId, rows])), ...(model === undefined ? {} : { model }), rounds: course.rounds,
    ...(contribution === undefined ? {} : { contribution: { digest: contributionDigest(contribution), ...contribution } }),
  };
  if (options.out !== undefined) await keep(options.out, study, course, result, contribution);
  print(json, result, [roundsTable(study, course.rounds), '', model === undefined ? 'no round gave a model' : `model ${model}`, ...(contribution === undefined ? [] : ['', contributionText(contribution)])].join('\n'));
  if (model === undefined) process.exitCode = 1;
}

/** Leaves the result, the last model and plots. */
async function keep(folder: string, study: Study, { rounds, last }: Course, result: object, contribution: Contribution | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'simulation.json'), `${JSON.stringify(result, null, 2)}\n`);
  if (last !== undefined) await writeFile(join(folder, 'model.f32'), encodeModel(last.parameters));
  const values = rounds.flatMap(({ metrics }) => (metrics === undefined ? [] : [metricOf(metrics)]));
  const unit = study.model.kind === 'cox' ? 'concordance' : 'AUC';
  if (values.length > 0 && values.every(Number.isFinite)) await writeFile(join(folder, 'rounds.svg'), linePlot(`${unit} on test rows by round`, unit, [{ name: 'federated', values }]));
  if (contribution !== undefined) await keepContribution(folder, contribution);
}

/** Adds `simulate`. */
export function addSimulateCommand(program: Command, print: Print): void {
  program
    .command('simulate <study>')
    .description('run a study file\'s rounds among 1 to 1,000 sites in this process, without ledger, keys or network')
    .requiredOption('--data <files...>', 'a CSV file for each site, named after it, or a folder of them; with --sites one file that is divided')
    .requiredOption('--seed <text>', 'as in the workers\' configurations; fixes division, order of rows, drop-outs and noise')
    .option('--sites <n>', 'divide the data file among so many sites', within(1, 1000, true))
    .option('--alpha <a>', 'Dirichlet concentration of the division: 100 nearly even, 0.1 very uneven', within(0.001, 1e6, false), 1)
    .option('--least <rows>', 'fewest rows of each class that a site gets', within(0, 1000, true), 5)
    .option('--test-fraction <share>', 'share of a divided file that is tested on', within(0, 0.9, false), 0.25)
    .option('--test <file>', 'CSV with rows to test each round\'s model on')
    .option('--id-column <name>', 'column with the rows\' IDs')
    .option('--rounds <n>', 'instead of the study\'s', within(1, 10_000, true))
    .option('--drop-out <p>', 'probability that a site does not submit in a round', within(0, 1, false), 0)
    .option('--initial-seed <text>', 'draws the study\'s model.initial, as study draw-initial does')
    .option('--no-masks', 'in masked mode: sum without masks; the same model, and the only way beyond 64 sites')
    .option('--contribution', 'tell what each site added to the models by the test rows (Shapley values)')
    .addOption(utilityOption())
    .option('--out <folder>', 'write simulation.json, model.f32 and rounds.svg')
    .option('--json', 'the result as JSON, JSON lines on stderr')
    .addHelpText('before', 'Example:\n  $ fl-worker simulate study.yaml --data rows.csv --sites 10 --alpha 0.5 --seed "any text" --out simulated\n')
    .action((file: string, options: SimulateOptions) => run(file, options, print));
}
