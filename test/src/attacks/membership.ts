/** Membership inference: was a row among those that a model was trained on? By its loss (Yeom et al. 2018, https://arxiv.org/abs/1709.01604), and by how unusual its loss is beside models that did not see it (LiRA, offline: Carlini et al. 2022, https://arxiv.org/abs/2112.03570). */

/** ln(p / (1 − p)) of the probability p = e^−loss that a model gives to the true label: nearly normal over models. */
const confidence = (loss: number): number => {
  const p = Math.min(Math.max(Math.exp(-loss), 1e-12), 1 - 1e-12);
  return Math.log(p / (1 - p));
};

/** A score a row, higher for members. */
export const byLoss = (losses: ArrayLike<number>): number[] => Array.from(losses, (loss) => -loss);

/**
 * A score a row, higher for members: how many deviations the model's confidence lies above that of shadow models which did not see the row.
 * @param shadows losses of each shadow model, and whether it saw the row.
 */
export function byShadows(losses: ArrayLike<number>, shadows: readonly { readonly losses: ArrayLike<number>; readonly saw: readonly boolean[] }[]): number[] {
  const without = Array.from(losses, (_, row) => shadows.filter(({ saw }) => saw[row] !== true).map((shadow) => confidence(shadow.losses[row] as number)));
  const means = without.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  // One deviation for all rows: a few shadows tell a row's own too badly.
  const count = without.reduce((sum, values) => sum + values.length - 1, 0);
  const deviation = Math.sqrt(without.reduce((sum, values, row) => sum + values.reduce((total, value) => total + (value - (means[row] as number)) ** 2, 0), 0) / count);
  return means.map((mean, row) => (confidence(losses[row] as number) - mean) / deviation);
}

/** The share of members above all but so large a share of the others. @param falsePositives share of others that may be taken for members, 0 to 1. */
export function truePositives(scores: readonly number[], member: readonly boolean[], falsePositives: number): number {
  const others = scores.filter((_, row) => member[row] !== true).sort((a, b) => b - a);
  const threshold = others[Math.floor(falsePositives * others.length)] ?? -Infinity;
  const members = scores.filter((_, row) => member[row] === true);
  return members.filter((score) => score > threshold).length / members.length;
}
