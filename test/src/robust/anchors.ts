/** Accuracies and backdoor successes in percent that an independent program found for the same configuration (NumPy, its own random numbers, 3 seeds); columns as in `plan.ts`. */
import type { Dealing } from './digits.js';
import type { AttackName } from './plan.js';

export interface Anchor {
  readonly dealing: Dealing;
  readonly attack: AttackName;
  readonly accuracy: readonly number[];
  /** Of the backdoor. */
  readonly success?: readonly number[];
}

export const anchors: readonly Anchor[] = [
  { dealing: 'iid', attack: 'none', accuracy: [96.2, 95.8, 96.0, 91.8, 96.4, 95.6, 96.3, 96.2, 96.3, 95.4] },
  { dealing: 'iid', attack: 'label flip', accuracy: [93.3, 95.6, 95.4, 91.9, 95.9, 95.7, 96.0, 95.5, 95.9, 95.1] },
  { dealing: 'iid', attack: 'sign flip', accuracy: [9.9, 94.4, 94.0, 91.9, 95.9, 95.6, 94.6, 94.1, 94.3, 94.5] },
  { dealing: 'iid', attack: 'Gaussian 1', accuracy: [86.5, 96.2, 96.3, 91.4, 96.1, 95.9, 96.6, 96.3, 96.6, 95.6] },
  { dealing: 'iid', attack: 'ALIE 1.5', accuracy: [96.3, 96.4, 96.3, 91.7, 96.4, 95.7, 96.4, 96.4, 96.5, 95.5] },
  { dealing: 'iid', attack: 'IPM 0.5', accuracy: [95.4, 95.0, 95.5, 88.1, 95.6, 92.2, 94.4, 95.5, 95.6, 95.0] },
  { dealing: 'iid', attack: 'IPM 10', accuracy: [10.0, 95.2, 94.3, 91.9, 95.8, 95.4, 94.4, 93.7, 94.2, 95.0] },
  { dealing: 'iid', attack: 'backdoor', accuracy: [96.8, 96.6, 96.9, 91.4, 96.1, 96.0, 96.9, 96.3, 96.9, 95.7], success: [100, 1, 2, 0, 0, 0, 99, 99, 99, 42] },
  { dealing: 'dirichlet', attack: 'none', accuracy: [95.6, 94.8, 95.2, 79.3, 95.2, 94.4, 95.2, 95.2, 95.4, 94.8] },
  { dealing: 'dirichlet', attack: 'label flip', accuracy: [91.2, 93.3, 93.6, 81.1, 95.2, 94.7, 94.3, 93.8, 94.4, 94.9] },
  { dealing: 'dirichlet', attack: 'sign flip', accuracy: [9.9, 91.7, 91.7, 82.6, 95.2, 94.6, 92.9, 92.1, 92.8, 95.0] },
  { dealing: 'dirichlet', attack: 'IPM 0.5', accuracy: [95.1, 91.9, 93.9, 54.1, 93.1, 73.3, 93.6, 94.4, 94.5, 94.5] },
  { dealing: 'dirichlet', attack: 'backdoor', accuracy: [95.6, 95.3, 95.4, 79.3, 95.2, 94.4, 95.9, 95.7, 95.7, 94.4], success: [100, 3, 4, 0, 0, 0, 99, 99, 99, 80] },
];
