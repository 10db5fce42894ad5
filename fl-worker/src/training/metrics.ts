/** How good a model is on rows it has not seen: area under the ROC curve, accuracy, log loss. */

/** Metrics of a model that classifies on one data set. */
export interface Metrics {
  /** Area under the ROC curve, 0 to 1; of more than two categories the mean of each against the rest; undefined where one is missing. */
  readonly auc: number | undefined;
  /** Share of rows on the right side of probability 0.5, or whose most probable category is the right one, 0 to 1. */
  readonly accuracy: number;
  /** Mean −ln of the probability given to the true label; probabilities are kept 1e−15 away from 0 and 1. */
  readonly logLoss: number;
  /** Accuracy on the same rows moved to mislead the model, where the study trains against such, 0 to 1. */
  readonly robustAccuracy?: number;
  readonly rows: number;
}

/** Metrics of a Cox model on one data set. */
export interface SurvivalMetrics {
  /** Harrell's C, 0 to 1; undefined where no pair's order is known. */
  readonly concordance: number | undefined;
  /** Mean negative partial log-likelihood; comparable on the same rows only, because it grows with their number. */
  readonly logLoss: number;
  readonly rows: number;
}

/** Metrics for people. */
export function tellMetrics(of: Metrics | SurvivalMetrics): string {
  const end = `log loss ${of.logLoss.toFixed(4)} on ${of.rows} rows`;
  if ('concordance' in of) return `concordance ${of.concordance?.toFixed(4) ?? '-'}, ${end}`;
  return `AUC ${of.auc?.toFixed(4) ?? '-'}, accuracy ${of.accuracy.toFixed(4)}${of.robustAccuracy === undefined ? '' : `, under attack ${of.robustAccuracy.toFixed(4)}`}, ${end}`;
}

/**
 * Exact area under the ROC curve: the probability that a row of class 1 scores above one of class 0, ties counted half
 * (the Mann-Whitney statistic, by ranks).
 */
export function areaUnderCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): number | undefined {
  const order = Array.from({ length: scores.length }, (_, row) => row).sort((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    const ties = order.slice(from, to).filter((row) => labels[row] === 1).length;
    positives += ties;
    rankSum += (ties * (from + 1 + to)) / 2; // every tied row takes the mean of ranks from+1 to to
    from = to;
  }
  const negatives = order.length - positives;
  return positives === 0 || negatives === 0 ? undefined : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

const leastProbability = 1e-15;

/** The place of the largest of a row's probabilities, the first of equal ones. */
function likeliest(row: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < row.length; k++) if ((row[k] as number) > (row[best] as number)) best = k;
  return best;
}

/** The mean over categories of the area of each against the rest. */
function macroArea(rows: readonly ArrayLike<number>[], labels: readonly number[], categories: number): number | undefined {
  let sum = 0;
  for (let category = 0; category < categories; category++) {
    const area = areaUnderCurve(rows.map((row) => row[category] as number), labels.map((label) => (label === category ? 1 : 0)));
    if (area === undefined) return undefined;
    sum += area;
  }
  return sum / categories;
}

function metricsOfCategories(probabilities: ArrayLike<number>, labels: ArrayLike<number>, categories: number): Metrics {
  const truth = Array.from(labels);
  const rows = truth.map((_, row) => Array.from({ length: categories }, (__, category) => probabilities[row * categories + category] as number));
  const right = rows.filter((row, at) => likeliest(row) === truth[at]).length;
  const loss = rows.reduce((sum, row, at) => sum - Math.log(Math.max(row[truth[at] as number] as number, leastProbability)), 0);
  return { auc: macroArea(rows, truth, categories), accuracy: right / rows.length, logLoss: loss / rows.length, rows: rows.length };
}

/**
 * All metrics from probabilities of label 1 and labels 0 or 1; or from those of each category in turn and the categories' indices.
 * @param categories how many there are, when more than two.
 */
export function metricsOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>, categories?: number): Metrics {
  if (categories !== undefined) return metricsOfCategories(probabilities, labels, categories);
  const rows = probabilities.length;
  let right = 0;
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const p = Math.min(Math.max(probabilities[row] ?? 0, leastProbability), 1 - leastProbability);
    const label = labels[row] ?? 0;
    if (p >= 0.5 === (label === 1)) right += 1;
    loss -= Math.log(label === 1 ? p : 1 - p);
  }
  return { auc: areaUnderCurve(probabilities, labels), accuracy: right / rows, logLoss: loss / rows, rows };
}
