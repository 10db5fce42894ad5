/** What a command's end means to the shell. */
import { CodedError } from '@epione/protocol';
import { UsageError } from '../ledger/faults.js';

/** 0 done, 1 failed, 2 usage, 4 not authorised. Nothing here is refused by policy (3). */
export const exitCodes = { done: 0, failed: 1, usage: 2, notAuthorised: 4 } as const;

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof CodedError)) return exitCodes.failed;
  if (error.code === 'NOT_AUTHORISED') return exitCodes.notAuthorised;
  return error.code === 'BAD_FIELD' ? exitCodes.usage : exitCodes.failed;
}
