/** "A little is enough": all attackers send the honest mean moved by z of its deviations, which hides among the honest (Baruch et al. 2019, https://arxiv.org/abs/1902.06156). */
import { meanOf, type Attack } from './attack.js';

/** @param z deviations (of the sample, divisor n − 1) away from the mean, in every coordinate. */
export const alie = (z: number): Attack => ({
  forge: (_, honest) => meanOf(honest).map((mean, k) => mean + z * Math.sqrt(honest.reduce((sum, row) => sum + ((row[k] as number) - mean) ** 2, 0) / (honest.length - 1))),
});
