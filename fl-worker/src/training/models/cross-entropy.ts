/** Loss of the models that classify: binary cross-entropy of a logit, and the probability that it stands for. */
import type { Tensor2D, Tf } from '../tf.js';

/**
 * Gradient by the logits (rows × 1).
 * @param labels 0 or 1, one a row.
 * @param divisor number of rows for a mean, 1 for each row's own.
 */
export const crossEntropySlope = (tf: Tf, logits: Tensor2D, labels: Float32Array, divisor: number): Tensor2D =>
  tf.div<Tensor2D>(tf.sub(tf.sigmoid(logits), tf.tensor2d(labels, [labels.length, 1])), divisor);

/** The probability of label 1. */
export const probability = (logit: number): number => 1 / (1 + Math.exp(-logit));
