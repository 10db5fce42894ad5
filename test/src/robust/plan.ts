/** The configuration of the robust table: attacks, rules and sizes, one for all cells and none of them tuned. */
import type { RuleOptions } from '@epione/protocol';
import { alie } from '../attacks/alie.js';
import type { Attack } from '../attacks/attack.js';
import { backdoor, type Trigger } from '../attacks/backdoor.js';
import { gaussian } from '../attacks/gaussian.js';
import { innerProduct } from '../attacks/inner-product.js';
import { labelFlip } from '../attacks/label-flip.js';
import { signFlip } from '../attacks/sign-flip.js';
import type { Plan, Rule } from './federation.js';

export const hospitals = 20;
export const rootRows = 100;
/** Three pixels of the upper left corner, which no digit touches. */
const trigger: Trigger = { inputs: [0, 1, 8], value: 1, target: 0 };
export const plan: Plan = { attackers: 4, rounds: 40, settings: { learningRate: 0.2, localEpochs: 2, batchSize: 16 }, trigger };

export const attacks = {
  'none': {},
  'label flip': labelFlip(10),
  'sign flip': signFlip(4),
  'Gaussian 1': gaussian(1),
  'ALIE 1.5': alie(1.5),
  'IPM 0.5': innerProduct(0.5),
  'IPM 10': innerProduct(10),
  'backdoor': backdoor(trigger, 5, 2),
} as const satisfies Readonly<Record<string, Attack>>;
export type AttackName = keyof typeof attacks;

const f = plan.attackers;
const options = (more: Omit<RuleOptions, 'settings'>, settings: Readonly<Record<string, number>> = {}): RuleOptions => ({ ...more, settings: new Map(Object.entries(settings)) });

/** Rules by the column's name. The mean is the trimmed mean that trims nothing. */
export const rules = {
  'mean': { name: 'trimmed-mean', options: options({ f: 0 }) },
  'median': { name: 'median', options: options({ f }) },
  'trimmed-mean': { name: 'trimmed-mean', options: options({ f }) },
  'krum': { name: 'krum', options: options({ f }) },
  'multi-krum': { name: 'multi-krum', options: options({ f }) },
  'bulyan': { name: 'bulyan', options: options({ f }) },
  'geometric-median': { name: 'geometric-median', options: options({ f, iterations: 10 }, { smoothing: 1e-6 }) },
  'norm-clipping': { name: 'norm-clipping', options: options({}, { norm: 1 }) },
  'centred-clipping': { name: 'centred-clipping', options: options({ iterations: 3 }, { radius: 1 }) },
  'fltrust': { name: 'fltrust', options: options({ root: hospitals }) },
} as const satisfies Readonly<Record<string, Rule>>;
export type RuleColumn = keyof typeof rules;
