/** The server strategies by the name in `strategy.name`. */
import { fedadagrad } from './fedadagrad.js';
import { fedadam } from './fedadam.js';
import { fedavg } from './fedavg.js';
import { fedavgm } from './fedavgm.js';
import { fedyogi } from './fedyogi.js';
import { qfedavg } from './qfedavg.js';
import { scaffold } from './scaffold.js';
import type { ServerStrategy } from './server-strategy.js';

/** All strategies. */
export const STRATEGIES = { fedavg, fedavgm, fedadagrad, fedadam, fedyogi, qfedavg, scaffold } satisfies Readonly<Record<string, ServerStrategy>>;

/** The name of a strategy. */
export type StrategyName = keyof typeof STRATEGIES;
