/** How good a model is on rows it has not seen: area under the ROC curve, accuracy, log loss. */

/** Metrics of a model that classifies on one data set. */
export interface Metrics {
  /** Area under the ROC curve, 0 to 1; undefined where one class is missing. */
  readonly auc: number | undefined;
  /** Share of rows on the right side of probability 0.5, 0 to 1. */
  readonly accuracy: number;
  /** Mean −ln of the probability given to the true label; probabilities are kept 1e−15 away from 0 and 1. */
  readonly logLoss: number;
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
  return `AUC ${of.auc?.toFixed(4) ?? '-'}, accuracy ${of.accuracy.toFixed(4)}, ${end}`;
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

/** All metrics from probabilities of label 1 and labels 0 or 1. */
export function metricsOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Metrics {
  const rows = probabilities.length;
  let right = 0;
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const p = Math.min(Math.max(probabilities[row] ?? 0, 1e-15), 1 - 1e-15);
    const label = labels[row] ?? 0;
    if (p >= 0.5 === (label === 1)) right += 1;
    loss -= Math.log(label === 1 ? p : 1 - p);
  }
  return { auc: areaUnderCurve(probabilities, labels), accuracy: right / rows, logLoss: loss / rows, rows };
}
