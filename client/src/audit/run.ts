/** One run of `fl-audit`: from arguments to an exit code; every error ends as one line. */
import { CodedError } from '@epione/protocol';
import { CommanderError } from 'commander';
import { UsageError } from '../ledger/faults.js';
import type { Output } from './command.js';
import { auditCommand } from './commands.js';

/** 0 done or valid, 1 failed or invalid, 2 usage, 3 refused because it would contradict what was cosigned, 4 not authorised. */
export const exitCodes = { done: 0, failed: 1, usage: 2, refused: 3, notAuthorised: 4 } as const;

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof CodedError)) return exitCodes.failed;
  if (error.code === 'NOT_AUTHORISED') return exitCodes.notAuthorised;
  if (error.code === 'EQUIVOCATION') return exitCodes.refused;
  // A profile, trust root or list of keys that does not parse was given by the caller.
  return error.code === 'BAD_FIELD' ? exitCodes.usage : exitCodes.failed;
}

/**
 * Runs the command line.
 * @param args what follows the program's name.
 * @returns the exit code.
 */
export async function runAudit(args: readonly string[], output: Output): Promise<number> {
  const asJson = args.includes('--json');
  try {
    const outcome = { valid: true };
    const program = auditCommand(output, (verdict) => { outcome.valid = verdict === 'valid'; });
    await program.parseAsync(args, { from: 'user' });
    return outcome.valid ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const code = error instanceof CodedError ? String(error.code) : undefined;
    const message = error instanceof Error ? error.message : String(error);
    output.note(asJson ? JSON.stringify({ level: 'error', code, message }) : `fl-audit: ${code === undefined ? '' : `${code}: `}${message}`);
    return exitCodeOf(error);
  }
}
