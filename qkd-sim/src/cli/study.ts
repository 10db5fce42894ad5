/** The studies: tables and plots of what theory and published implementations give, beside ours. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { QkdError } from '../error.js';
import { isProfileFile, readProfile } from '../profiles/profile-file.js';
import { profileNames, profileOf } from '../profiles/named.js';
import { seededRandom } from '../random.js';
import { type CascadePoint, cascadeStudy } from '../study/cascade-study.js';
import { finitePoint, finiteSizes, limPoint } from '../study/finite-study.js';
import { type Compared, gysStudy } from '../study/gys-study.js';
import { type Plot, type Series, drawPlot } from '../study/plot.js';
import { publishedQbers } from '../study/published-cascade.js';
import { command, print, printJson } from './command.js';

interface StudyOptions {
  readonly json?: true;
  readonly plot?: string;
}

const positive = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
};

/** Rows under their heads, in columns. */
const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [heads, ...rows].map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')).join('\n');
};

const percent = (share: number | undefined, digits = 2): string => (share === undefined ? '-' : `${share < 0 ? '' : '+'}${(100 * share).toFixed(digits)} %`);
const exponential = (value: number | undefined): string => (value === undefined ? '-' : value === 0 ? '0' : value.toExponential(4));
const progress = (text: string): void => { process.stderr.write(`${text}\n`); };

const show = ({ json, plot }: StudyOptions, result: unknown, text: string, drawing: Plot): void => {
  if (plot !== undefined) writeFileSync(plot, drawPlot(drawing));
  if (json) printJson(result);
  else print(text);
};

const gys = (options: StudyOptions): void => {
  const study = gysStudy();
  const cells = ({ rate, reference, difference }: Compared): string[] => [exponential(rate), exponential(reference), percent(difference, 3)];
  const rows = study.points.map(({ fiberKm, infiniteDecoys, vacuumAndWeak }) => [String(fiberKm), ...cells(infiniteDecoys), ...cells(vacuumAndWeak)]);
  const reach = study.reach.map(({ method, km, published }) => [method, km.toFixed(2), published.toFixed(2), (km - published).toFixed(2)]);
  const text = [
    'Secret bits for a pulse; link of Gobby, Yuan and Shields 2004, signal 0.48, weak decoy 0.05.',
    table(['km', 'infinite decoys', 'reference', 'difference', 'vacuum and weak', 'reference', 'difference'], rows), '',
    table(['reach', 'km', 'published', 'difference'], reach), '', `Best signal intensity: ${study.optimalMean.toFixed(5)} (published 0.48)`,
  ].join('\n');
  const fine = gysStudy(1).points;
  const marks = fine.flatMap(({ fiberKm, infiniteDecoys: { reference } }) => (reference === undefined ? [] : [[fiberKm, reference] as const]));
  show(options, study, text, {
    title: 'BB84 with decoy states on the GYS link', x: { label: 'Fibre (km)' }, y: { label: 'Secret bits for a pulse', log: true },
    series: [
      { name: 'infinite decoys', points: fine.map(({ fiberKm, infiniteDecoys }) => [fiberKm, infiniteDecoys.rate] as const) },
      { name: 'vacuum and weak decoy', points: fine.map(({ fiberKm, vacuumAndWeak }) => [fiberKm, vacuumAndWeak.rate] as const) },
      { name: 'reference', points: marks, marks: true },
    ],
  });
};

const cascade = ({ frames, seed, ...options }: StudyOptions & { frames: number; seed: string }): void => {
  const points: CascadePoint[] = [];
  const fill = seededRandom(createHash('sha256').update(seed).digest());
  for (const point of cascadeStudy(publishedQbers, Math.ceil(frames / 32), fill)) {
    points.push(point);
    progress(`${point.variant} at ${100 * point.qber} % ...`);
  }
  const rows = points.map((point) => [
    point.variant, (100 * point.qber).toFixed(0), String(point.frames), point.efficiency.toFixed(4), point.published?.toFixed(3) ?? '-', point.difference?.toFixed(4) ?? '-',
    point.failedFrames === 0 ? '0' : point.frameErrorRate.toExponential(1), point.effectiveEfficiency.toFixed(4), point.roundTrips.toFixed(0),
  ]);
  const text = table(['variant', 'QBER %', 'frames', 'f', 'published', 'difference', 'FER', 'f with FER', 'round trips'], rows);
  const series = (of: (point: CascadePoint) => number | undefined): Series[] => [...new Set(points.map(({ variant }) => variant))].map((variant) => ({
    name: variant,
    points: points.flatMap((point) => (point.variant === variant && of(point) !== undefined ? [[100 * point.qber, (of(point) ?? 1) - 1] as const] : [])),
  }));
  show(options, points, text, {
    title: 'Cascade at frames of 10,000 bits', x: { label: 'QBER (%)' }, y: { label: 'Disclosed above the Shannon limit (f − 1)' }, series: series(({ efficiency }) => efficiency),
  });
};

const finite = ({ profile: named, ...options }: StudyOptions & { profile: string }): void => {
  if (!isProfileFile(named) && !profileNames.includes(named)) throw new QkdError('USAGE', `there is no profile ${named}`, { remedy: `Name one of ${profileNames.join(', ')}, or a .yaml file.` });
  const profile = isProfileFile(named) ? readProfile(named) : profileOf(named);
  if (profile.source !== 'weak-pulses') throw new QkdError('USAGE', `${profile.name} has no decoy states`, { remedy: 'Name a profile with weak pulses.' });
  const points = finiteSizes.map((size) => finitePoint(profile, size));
  progress('best intensities for Lim et al. 2014 ...');
  const lim = finiteSizes.map(limPoint);
  const rows = points.map((point, index) => [
    point.siftedBits.toExponential(2), point.linkSeconds.toPrecision(3), String(point.keyBits), point.share.toFixed(4), (point.keyRateBps / 1000).toFixed(1),
    lim[index]?.share.toFixed(4) ?? '', exponential(lim[index]?.rate), exponential(lim[index]?.reference), percent(lim[index]?.difference),
  ]);
  const text = [
    `Blocks of ${profile.name} as it is, and of the link of Lim et al. 2014 at 100 km with its best intensities.`,
    table(['sifted bits', 'link s', 'key bits', 'of sifted', 'kb/s', 'Lim: of sifted', 'bits for a pulse', 'reference', 'difference'], rows),
  ].join('\n');
  show(options, { profile: profile.name, points, lim }, text, {
    title: 'Key length against block size', x: { label: 'Sifted bits in a block', log: true }, y: { label: 'Key bits for a sifted bit' },
    series: [
      { name: profile.name, points: points.map(({ siftedBits, share }) => [siftedBits, share] as const) },
      { name: 'Lim et al. 2014, 100 km', points: lim.map(({ siftedBits, share }) => [siftedBits, share] as const) },
    ],
  });
};

/** Declares `qkd-sim study`. */
export const studyCommands = (program: Command): void => {
  const study = command(program, 'study', 'Compute rates, lengths and efficiencies beside published values.', 'qkd-sim study gys --plot gys.svg').helpCommand(false);
  const one = (name: string, description: string, example: string): Command =>
    command(study, name, description, example).option('--json', 'print the result as JSON').option('--plot <file>', 'write a plot as SVG');

  one('gys', 'Key rate against distance with decoy states.', 'qkd-sim study gys --plot gys.svg').action(gys);
  one('cascade', 'What each variant of Cascade discloses, and how often it leaves errors.', 'qkd-sim study cascade --frames 1024')
    .option('--frames <n>', 'frames for each variant and QBER, in groups of 32', positive, 1024)
    .option('--seed <text>', 'the same seed gives the same table', 'epione')
    .action(cascade);
  one('finite', 'Key length against block size.', 'qkd-sim study finite --profile metro-10dB --plot finite.svg')
    .option('--profile <name>', 'a profile, or a YAML file', 'metro-10dB')
    .action(finite);
};
