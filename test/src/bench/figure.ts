/** One printed figure: a value, what it is compared with, and how far its repetitions lie apart. */
import { median, spread } from './statistics.js';

/** A line of a benchmark. `ratio` is value / baselineValue; `spread` is (largest - smallest) / median over the runs. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with: another measurement of the same run, or `goal …` where there is none. */
  readonly baseline: string;
  readonly baselineValue: number;
  readonly ratio: number;
  readonly runs: number;
  readonly spread: number;
}

/** Four significant digits: more would only be noise. */
export const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value);

/** A figure of repetitions and of their baseline's, one a run. The ratio is the median of the runs' own ratios. */
export function figure(name: string, unit: string, values: readonly number[], baseline: string, baselineValues: readonly number[]): Figure {
  const ratios = values.map((value, run) => value / (baselineValues[run] ?? median(baselineValues)));
  return {
    name, value: rounded(median(values)), unit, baseline, baselineValue: rounded(median(baselineValues)), ratio: rounded(median(ratios)), runs: values.length, spread: rounded(spread(values)),
  };
}

/** A figure that is measured against a goal. */
export const against = (name: string, unit: string, values: readonly number[], goal: number): Figure => figure(name, unit, values, 'goal', [goal]);

/** The figure as one line of JSON, in this order of fields. */
export const jsonLine = (line: Figure): string => JSON.stringify(line);

/** The figure as a line for people. */
export const textLine = ({ name, value, unit, baseline, baselineValue, ratio, runs, spread: apart }: Figure): string =>
  `${name.padEnd(34)} ${String(value).padStart(9)} ${unit.padEnd(6)} ${`${ratio} of ${baseline} (${baselineValue})`.padEnd(38)} ${runs} runs, spread ${Math.round(apart * 100)} %`;

/** All figures as a table in Markdown, for docs/performance.md. */
export function markdownTable(lines: readonly Figure[]): string {
  const rows = lines.map(({ name, value, unit, baseline, baselineValue, ratio, runs, spread: apart }) => `| \`${name}\` | ${value} ${unit} | ${baseline}: ${baselineValue} | ${ratio} | ${runs} | ${Math.round(apart * 100)} % |`);
  return ['| figure | value | baseline | ratio | runs | spread |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
