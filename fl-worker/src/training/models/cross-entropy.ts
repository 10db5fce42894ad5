/** Loss of the models that classify: cross-entropy of one logit, or of one a category, and the probabilities that they stand for. */
import type { Tensor2D, Tf } from '../tf.js';

/**
 * Gradient of the binary cross-entropy by the logits (rows × 1).
 * @param labels 0 or 1, one a row.
 * @param divisor number of rows for a mean, 1 for each row's own.
 */
export const crossEntropySlope = (tf: Tf, logits: Tensor2D, labels: Float32Array, divisor: number): Tensor2D =>
  tf.div<Tensor2D>(tf.sub(tf.sigmoid(logits), tf.tensor2d(labels, [labels.length, 1])), divisor);

/** Gradient of the categorical cross-entropy by the logits (rows × categories). @param labels the category's index, one a row. */
export function softmaxSlope(tf: Tf, logits: Tensor2D, labels: Float32Array, divisor: number): Tensor2D {
  const categories = logits.shape[1];
  const truth = new Float32Array(labels.length * categories);
  labels.forEach((category, row) => { truth[row * categories + category] = 1; });
  return tf.div<Tensor2D>(tf.sub(tf.softmax(logits), tf.tensor2d(truth, [labels.length, categories])), divisor);
}

/** The probability of label 1. */
export const probability = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** Probabilities of the categories from their logits, row by row. @param categories logits a row. */
export function softmax(logits: ArrayLike<number>, categories: number): Float64Array {
  const values = Float64Array.from(logits);
  for (let from = 0; from < values.length; from += categories) {
    const row = values.subarray(from, from + categories);
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity); // taken out of every exponent, so that none overflows
    const total = row.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    row.forEach((logit, k) => { row[k] = Math.exp(logit - most) / total; });
  }
  return values;
}
