/** Gaussian attack: noise instead of an update (Blanchard et al. 2017, section 5, https://papers.nips.cc/paper/6617-machine-learning-with-adversaries-byzantine-tolerant-gradient-descent). */
import type { Attack } from './attack.js';

/** @param deviation of each coordinate; its mean is 0. */
export const gaussian = (deviation: number): Attack => ({ forge: (_, [first], random) => Float64Array.from(first ?? [], () => deviation * random.normal()) });
