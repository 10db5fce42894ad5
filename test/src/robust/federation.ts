/** One cell of the robust table: a study of hospitals of which the last few attack, aggregated by one rule. */
import { robustAggregate, type RobustRuleName, type RuleOptions } from '@epione/protocol';
import { seededRandom } from '@epione/fl-worker';
import type { Attack } from '../attacks/attack.js';
import { stamped, type Trigger } from '../attacks/backdoor.js';
import { form, startOf, type Parts } from './digits.js';
import { PlainNetwork, type Settings } from './plain-network.js';

/** A rule with the numbers that a study would give it. */
export interface Rule {
  readonly name: RobustRuleName;
  readonly options: RuleOptions;
}

export interface Plan {
  readonly attackers: number;
  readonly rounds: number;
  readonly settings: Settings;
  readonly trigger: Trigger;
}

/** Shares of test rows, 0 to 1. */
export interface Outcome {
  readonly accuracy: number;
  /** Of rows of other categories with the trigger, those taken for its target. */
  readonly backdoor: number;
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value + (b[k] as number));
const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, k) => value - (b[k] as number));

/** What the hospitals send in a round, the root's update last where the rule has a root. */
function updatesOf(network: PlainNetwork, global: Float64Array, { root, hospitals }: Parts, attack: Attack, { options }: Rule, { attackers, settings }: Plan, ...name: (string | number)[]): Float64Array[] {
  const trained = (rows: typeof root, who: number): Float64Array => minus(network.train(global, rows, settings, seededRandom(...name, who)), global);
  const honestCount = hospitals.length - attackers;
  const honest = hospitals.slice(0, honestCount).map(trained);
  const forged = hospitals.slice(honestCount).map((rows, at) => {
    const own = (): Float64Array => trained(attack.poison?.(rows) ?? rows, honestCount + at);
    return attack.forge?.(own, honest, seededRandom('forge', ...name, at)) ?? own();
  });
  return [...honest, ...forged, ...(options.root === undefined ? [] : [trained(root, hospitals.length)])];
}

/** Runs a study and measures its final model. The same seed gives the same result. */
export function runCell(parts: Parts, attack: Attack, rule: Rule, plan: Plan, seed: string): Outcome {
  const network = new PlainNetwork(form);
  let global = startOf(seed);
  for (let round = 1; round <= plan.rounds; round += 1) global = plus(global, robustAggregate(rule.name, updatesOf(network, global, parts, attack, rule, plan, seed, round), rule.options));
  const { test } = parts;
  const right = network.classify(global, test).filter((category, row) => category === test.labels[row]).length;
  const others = Array.from(test.labels).flatMap((label, row) => (label === plan.trigger.target ? [] : [row]));
  const triggered = network.classify(global, stamped(test, plan.trigger));
  return { accuracy: right / test.rows, backdoor: others.filter((row) => triggered[row] === plan.trigger.target).length / others.length };
}
