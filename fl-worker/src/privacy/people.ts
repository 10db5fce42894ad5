/** Whose rows take part in a step: persons are drawn, never rows, because a person with two rows is one person. */
import type { BudgetTerms } from '@epione/protocol';
import { WorkerError } from '../error.js';
import type { RandomBits } from './random-bits.js';

/** The rows of one person. */
export type Person = readonly number[];

/** Groups rows by the person behind each. @param persons one name a row. */
export function groupByPerson(persons: readonly string[]): Person[] {
  const groups = new Map<string, number[]>();
  persons.forEach((name, row) => {
    groups.set(name, [...(groups.get(name) ?? []), row]);
  });
  return [...groups.values()];
}

/** Decimals of a study are exact in units of 10^−12. */
const unit = 1e12;

/** How many are drawn in a step, on average. */
export const expectedDrawn = ({ samplingRate }: Pick<BudgetTerms, 'samplingRate'>, people: number): number => Number(samplingRate ?? 1) * people;

/** The persons of one step. @throws WorkerError DATA_MISSING when the share of a fixed-size sample is less than one person. */
export function drawPeople<T>({ sampling, samplingRate }: Pick<BudgetTerms, 'sampling' | 'samplingRate'>, people: readonly T[], random: RandomBits): T[] {
  if (sampling === 'all') return [...people];
  if (sampling === 'poisson') return people.filter(() => random.below(unit) < Math.round(Number(samplingRate) * unit));
  const size = Math.floor(Number(samplingRate) * people.length); // down, because a larger share would cost more than it is priced at
  if (size < 1) throw new WorkerError('DATA_MISSING', `a share of ${samplingRate ?? ''} of ${people.length} persons is nobody`);
  const order = [...people];
  for (let at = 0; at < size; at++) {
    const other = at + random.below(order.length - at);
    [order[at], order[other]] = [order[other] as T, order[at] as T];
  }
  return order.slice(0, size);
}
