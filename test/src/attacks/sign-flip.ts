/** Sign flipping: an attacker's update points the other way, and is longer (Li et al. 2019, https://arxiv.org/abs/1811.03761). */
import type { Attack } from './attack.js';

/** @param factor how many times as long as the honest training's. */
export const signFlip = (factor: number): Attack => ({ forge: (own) => own().map((value) => -factor * value) });
