/** FedAdam, Reddi et al. 2021 (https://arxiv.org/abs/2003.00295): v ← β₂·v + (1−β₂)·Δ². */
import { adaptive } from './adaptive.js';
import { setting, share } from './setting.js';

/** Parameters `beta1`, `beta2`, `tau`. */
export const fedadam = adaptive({ beta2: share }, (settings) => {
  const beta2 = setting(settings, 'beta2');
  return (v, square) => beta2 * v + (1 - beta2) * square;
});
