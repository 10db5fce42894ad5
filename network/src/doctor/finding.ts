/** What the doctor says, and what a check of it is. */
import { NetworkError, sentenceOf } from '../error.js';
import type { Network } from '../state.js';
import type { NetworkStatus } from '../status.js';

/** What a check says. A `fault` keeps the network from working, a `warning` will. */
export interface Remark {
  readonly level: 'ok' | 'warning' | 'fault';
  /** One line. */
  readonly sentence: string;
  /** What to do; there for all but `ok`. */
  readonly remedy?: string;
}

/** One line of the doctor's: a remark and the name of the check that made it. */
export interface Finding extends Remark {
  readonly check: string;
}

/** What the checks of a network look at. */
export interface Examined {
  readonly network: Network;
  /** What every process says of itself, asked once for all checks. */
  readonly status: NetworkStatus;
  readonly now: Date;
}

/** A check looks at one thing and says one line a cause. What it throws is a fault too. */
export interface Check<Subject> {
  readonly name: string;
  readonly examine: (subject: Subject) => readonly Remark[] | Promise<readonly Remark[]>;
}

export const ok = (sentence: string): Remark => ({ level: 'ok', sentence });
export const warning = (sentence: string, remedy: string): Remark => ({ level: 'warning', sentence, remedy });
export const fault = (sentence: string, remedy: string): Remark => ({ level: 'fault', sentence, remedy });

/** The remarks of a check that looked for troubles: these, or one line that all is well. */
export function unlessAny(troubles: readonly Remark[], sentence: string): readonly Remark[] {
  return troubles.length > 0 ? troubles : [ok(sentence)];
}

/** Turns what was thrown into a fault. */
export function thrown(error: unknown): Remark {
  return fault(sentenceOf(error), error instanceof NetworkError ? error.remedy : 'Correct what the sentence names.');
}

/** Runs a check; its findings, which are never none. */
export async function run<Subject>({ name, examine }: Check<Subject>, subject: Subject): Promise<Finding[]> {
  const remarks = await (async (): Promise<readonly Remark[]> => examine(subject))().catch((error: unknown) => [thrown(error)]);
  return remarks.map((remark) => ({ check: name, ...remark }));
}
