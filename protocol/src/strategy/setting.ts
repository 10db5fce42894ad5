/** Numbers that a study gives a strategy or a rule by name, and what each may be. */

/** A range of a number: the test, and the words in which a fault tells it. */
export interface Range {
  readonly holds: (value: number) => boolean;
  readonly told: string;
}

/** Above 0. */
export const positive: Range = { holds: (value) => value > 0, told: 'above 0' };
/** 0 or more, below 1: what a moving average keeps. */
export const share: Range = { holds: (value) => value >= 0 && value < 1, told: 'from 0 to below 1' };
/** A whole number from 0 to `most`. */
export const wholeUpTo = (most: number): Range => ({ holds: (value) => Number.isInteger(value) && value >= 0 && value <= most, told: `a whole number from 0 to ${most}` });

/** The parameters that a strategy or rule asks for, by name. */
export type Ranges = Readonly<Record<string, Range>>;

/** The study's values, read as the nearest float64; all that were asked for are there, because the study was checked. */
export type Settings = ReadonlyMap<string, number>;

/** A value that the checked study has. @throws RangeError for a name that nothing asked for. */
export function setting(settings: Settings, name: string): number {
  const value = settings.get(name);
  if (value === undefined) throw new RangeError(`the parameter ${name} is not given`);
  return value;
}
