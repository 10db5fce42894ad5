/** The tables that are compared pooled, local and federated. */
import type { DataSet } from './data.js';

/** In the order of docs/accuracy.md. Natural sites where the data name them, else an uneven draw. */
export const sets: readonly DataSet[] = [
  { name: 'wdbc', file: 'wdbc.csv', assignment: { sites: 5, alpha: 0.5 }, metric: 'auc', anchor: 'AUC .995, accuracy .976 (scikit-learn)' },
  { name: 'lung', file: 'lung.csv', assignment: { column: 'inst' }, metric: 'concordance', anchor: 'C .631 (lifelines)' },
  { name: 'gbsg2', file: 'gbsg2.csv', assignment: { sites: 5, alpha: 0.5 }, metric: 'concordance', anchor: 'C .680 (lifelines)' },
  { name: 'actg175', file: 'actg175.csv', assignment: { sites: 6, alpha: 0.5 }, metric: 'concordance', anchor: 'C .683 (lifelines)' },
  { name: 'digits', file: 'digits.csv.gz', rounds: 40, assignment: { sites: 5, alpha: 0.5 }, metric: 'accuracy', anchor: 'accuracy .967 (scikit-learn, logistic)' },
  { name: 'digits-even', folder: 'digits', file: 'digits.csv.gz', rounds: 40, assignment: { sites: 5, alpha: 100 }, metric: 'accuracy', anchor: 'accuracy .967 (scikit-learn, logistic)' },
];

/** A table by its name. @throws RangeError for another. */
export function setNamed(name: string): DataSet {
  const found = sets.find((set) => set.name === name);
  if (found === undefined) throw new RangeError(`there is no data set ${name}`);
  return found;
}
