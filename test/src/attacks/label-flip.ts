/** Label flipping: every label turned to its opposite (Biggio, Nelson and Laskov 2012, https://arxiv.org/abs/1206.6389; in federated learning Tolpegin et al. 2020, https://arxiv.org/abs/2007.08432). */
import { copyOf, type Attack } from './attack.js';

/** Category y becomes categories − 1 − y. @param categories how many the label has. */
export const labelFlip = (categories: number): Attack => ({
  poison: (rows) => ({ ...copyOf(rows), labels: rows.labels.map((label) => categories - 1 - label) }),
});
