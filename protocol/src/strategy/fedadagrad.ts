/** FedAdagrad, Reddi et al. 2021 (https://arxiv.org/abs/2003.00295): v ← v + Δ². */
import { adaptive } from './adaptive.js';

/** Parameters `beta1` (0 in the paper's experiments), `tau`. */
export const fedadagrad = adaptive({}, () => (v, square) => v + square);
