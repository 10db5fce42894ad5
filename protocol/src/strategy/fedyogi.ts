/** FedYogi, Reddi et al. 2021 (https://arxiv.org/abs/2003.00295): v ← v − (1−β₂)·Δ²·sign(v − Δ²). */
import { adaptive } from './adaptive.js';
import { setting, share } from './setting.js';

/** Parameters `beta1`, `beta2`, `tau`. */
export const fedyogi = adaptive({ beta2: share }, (settings) => {
  const rest = 1 - setting(settings, 'beta2');
  return (v, square) => (v > square ? v - rest * square : v < square ? v + rest * square : v);
});
