/** Inner product manipulation: all attackers send the honest mean turned round, so that the aggregate's product with it is negative (Xie, Koyejo and Gupta 2020, https://arxiv.org/abs/1903.03936). */
import { meanOf, type Attack } from './attack.js';

/** @param epsilon length over the honest mean's: small ones hide, large ones push. */
export const innerProduct = (epsilon: number): Attack => ({ forge: (_, honest) => meanOf(honest).map((value) => -epsilon * value) });
