/** What the doctor says, and what a check of it is. */
import type { ConnectionProfile, ProxyEnv } from '@epione/client';
import type { Study } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { explain } from '../exit.js';

/** One line. A `fault` keeps the worker from working, a `warning` will. */
export interface Remark {
  readonly level: 'ok' | 'warning' | 'fault';
  /** For programs; there for all but `ok`. */
  readonly code?: string;
  readonly sentence: string;
  /** What to do; there for all but `ok`. */
  readonly remedy?: string;
}

/** One line of the doctor's: a remark and the name of the check that made it. */
export interface Finding extends Remark {
  readonly check: string;
}

/** Another member of the study, as its record on the ledger says. */
export interface Partner {
  readonly mspId: string;
  readonly blobUrl: string;
  readonly saeId: string | undefined;
}

/** What the checks look at. */
export interface Examined {
  readonly config: WorkerConfig;
  /** Undefined where it cannot be read; the check `profile` says why. */
  readonly profile: ConnectionProfile | undefined;
  /** Undefined where the ledger does not answer, or has no study of the configuration. */
  readonly study: Study | undefined;
  readonly partners: readonly Partner[];
  readonly proxyEnv: ProxyEnv;
  /** ms since 1970 UTC. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly elapsed: () => number;
}

/** A check looks at one thing and says one line a cause. What it throws is a fault too, with the remedy that stands here. */
export interface Check {
  readonly name: string;
  readonly remedy: string;
  readonly examine: (examined: Examined) => readonly Remark[] | Promise<readonly Remark[]>;
}

export const ok = (sentence: string): Remark => ({ level: 'ok', sentence });
export const warning = (code: string, sentence: string, remedy: string): Remark => ({ level: 'warning', code, sentence, remedy });
export const fault = (code: string, sentence: string, remedy: string): Remark => ({ level: 'fault', code, sentence, remedy });

/** The remarks of a check that looked for troubles: these, or one line that all is well. */
export const unlessAny = (troubles: readonly Remark[], sentence: string): readonly Remark[] => (troubles.length > 0 ? troubles : [ok(sentence)]);

/** Runs a check; its findings. */
export async function run({ name, remedy, examine }: Check, examined: Examined): Promise<Finding[]> {
  const remarks = await (async (): Promise<readonly Remark[]> => examine(examined))().catch((error: unknown) => {
    const { code, message, remedy: own } = explain(error);
    return [fault(code, message, own ?? remedy)];
  });
  return remarks.map((remark) => ({ check: name, ...remark }));
}
