/** The robust table: cells of seeds become means and deviations beside the anchor's, row by row. */
import { anchors, type Anchor } from './anchors.js';
import type { Dealing } from './digits.js';
import type { Outcome } from './federation.js';
import { rules, type AttackName, type RuleColumn } from './plan.js';

/** One study of the table. */
export interface Cell extends Outcome {
  readonly dealing: Dealing;
  readonly attack: AttackName;
  readonly rule: RuleColumn;
  readonly seed: number;
}

/** Means over seeds in percent, beside the anchor's. */
export interface Place {
  readonly rule: RuleColumn;
  readonly ours: number;
  readonly theirs: number;
  /** Standard deviation over seeds, divisor n − 1; 0 for one seed. */
  readonly spread: number;
}

export interface Row {
  readonly dealing: Dealing;
  readonly attack: AttackName;
  readonly of: 'accuracy' | 'backdoor';
  readonly seeds: number;
  readonly places: readonly Place[];
  /** Mean of |ours − theirs| over the rules, points. */
  readonly deviation: number;
}

/** A row of accuracies further away than this, in points, is a failure. */
export const bound = 1.5;

const columns = Object.keys(rules) as RuleColumn[];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function rowOf({ dealing, attack }: Anchor, of: Row['of'], theirs: readonly number[], cells: readonly Cell[]): Row | undefined {
  const places = columns.flatMap((rule, at): Place[] => {
    const found = cells.filter((cell) => cell.dealing === dealing && cell.attack === attack && cell.rule === rule).map((cell) => 100 * cell[of]);
    if (found.length === 0) return [];
    const ours = mean(found);
    const spread = found.length === 1 ? 0 : Math.sqrt(found.reduce((sum, value) => sum + (value - ours) ** 2, 0) / (found.length - 1));
    return [{ rule, ours, theirs: theirs[at] as number, spread }];
  });
  if (places.length === 0) return undefined;
  const seeds = new Set(cells.filter((cell) => cell.dealing === dealing && cell.attack === attack).map(({ seed }) => seed)).size;
  return { dealing, attack, of, seeds, places, deviation: mean(places.map(({ ours, theirs: other }) => Math.abs(ours - other))) };
}

/** The rows for which there are cells. */
export const rowsOf = (cells: readonly Cell[]): Row[] => anchors.flatMap((anchor) => {
  const rows = [rowOf(anchor, 'accuracy', anchor.accuracy, cells), ...(anchor.success === undefined ? [] : [rowOf(anchor, 'backdoor', anchor.success, cells)])];
  return rows.filter((row) => row !== undefined);
});

/** Whether a row is too far away. A backdoor's success depends on trigger and share of poisoned rows, so that row is shown and not judged. */
export const fails = ({ of, deviation }: Row): boolean => of === 'accuracy' && deviation > bound;

/** The table in Markdown: ours (theirs) in each cell. */
export function tellRows(rows: readonly Row[]): string {
  const shown = columns.filter((rule) => rows.some(({ places }) => places.some((place) => place.rule === rule)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const told = rows.map(({ dealing, attack, of, places, deviation }) => line([
    `${dealing === 'iid' ? 'IID' : 'Dirichlet'}, ${attack}${of === 'backdoor' ? ': success' : ''}`,
    ...shown.map((rule) => {
      const place = places.find((entry) => entry.rule === rule);
      if (place === undefined) return '-';
      return of === 'backdoor' ? `${place.ours.toFixed(0)} (${place.theirs})` : `${place.ours.toFixed(1)}±${place.spread.toFixed(1)} (${place.theirs.toFixed(1)})`;
    }),
    deviation.toFixed(1),
  ]));
  return [line(['rows, attack', ...shown, 'deviation']), line(Array<string>(shown.length + 2).fill('---')), ...told].join('\n');
}
