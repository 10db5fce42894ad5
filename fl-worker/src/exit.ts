/** Faults and endings as exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy, 4 not authorised. */
import { UsageError } from '@epione/client';
import { CodedError } from '@epione/protocol';
import { CommanderError } from 'commander';
import { WorkerError } from './error.js';
import { tellMetrics, type Metrics, type SurvivalMetrics } from './training/metrics.js';
import type { Ending } from './worker.js';

const usage: ReadonlySet<string> = new Set(['CONFIG_INVALID']);
const unauthorised: ReadonlySet<string> = new Set(['NOT_AUTHORISED', 'CALLER_MISMATCH', 'RECORD_REVOKED']);
/** What the members' rules refuse, however often it is tried. */
const policy: ReadonlySet<string> = new Set([
  'SUITE_REFUSED', 'UNKNOWN_SUITE', 'QKD_UNAVAILABLE', 'QKD_EXHAUSTED', 'QKD_NOT_ENTITLED', 'CONSENT_EMPTY', 'CONSENT_WITHDRAWN', 'PURPOSE_REFUSED',
  'NOT_APPROVED', 'NOT_A_PARTICIPANT', 'NOT_AN_AGGREGATOR', 'RECORD_NOT_CURRENT', 'BUDGET_SPENT', 'WEIGHT_OUT_OF_RANGE', 'STUDY_ENDED', 'STUDY_UNDER_WAY', 'RULE_BOUND', 'KEY_USED', 'KEY_UNAVAILABLE', 'EQUIVOCATION', 'UPDATES_HIDDEN', 'PAIR_KEY_MISSING', 'SETUP_MISSING',
]);

/** An error in the words of the command line. */
export interface Explained {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
}

/** Code, sentence and remedy of any error. */
export function explain(error: unknown): Explained {
  if (error instanceof CommanderError || error instanceof UsageError) return { code: 'USAGE', message: error.message.replace(/^error: /, ''), remedy: 'fl-worker --help shows an example.' };
  if (error instanceof CodedError) {
    const remedy = error instanceof WorkerError ? error.remedy : undefined;
    return { code: error.code as string, message: error.message, ...(remedy === undefined ? {} : { remedy }) };
  }
  const system = (error as NodeJS.ErrnoException).code;
  if (system === 'EADDRINUSE') return { code: system, message: (error as Error).message, remedy: 'Another program listens on this port: stop it, or change blobServer.port.' };
  if (system === 'ENOSPC') return { code: system, message: (error as Error).message, remedy: 'The disk is full: make room and run again, nothing is lost.' };
  return { code: system ?? 'FAILED', message: error instanceof Error ? error.message : String(error) };
}

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  const { code } = explain(error);
  if (code === 'USAGE' || usage.has(code)) return 2;
  if (policy.has(code)) return 3;
  return unauthorised.has(code) ? 4 : 1;
}

/** The exit code of a run; being stopped is not a failure. */
export const exitOfEnding = ({ outcome }: Ending): number => (outcome === 'refused' ? 3 : 0);

/** The ending of a run for people: how, with which model, how good it is on the site's own test rows. */
export function tellEnding({ outcome, model, code, evaluation }: Ending): string {
  const line = (name: string, of: Metrics | SurvivalMetrics | undefined): string[] => (of === undefined ? [] : [`${name}: ${tellMetrics(of)}`]);
  return [`${outcome}${model === undefined ? '' : `, model ${model}`}${code === undefined ? '' : `, ${code}`}`, ...line('global model', evaluation?.global), ...line('fine-tuned here', evaluation?.fineTuned)].join('\n');
}
