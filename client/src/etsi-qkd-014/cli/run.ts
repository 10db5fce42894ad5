/** One run of `etsi-qkd-014`: from arguments to an exit code; every error ends as one line. */
import { Command, CommanderError } from 'commander';
import { EtsiQkd014Error } from '../error.js';
import { program } from './commands.js';
import type { Output } from './options.js';

/** 0 done, or conforming; 1 failed, or deviating; 2 usage; 4 not authorised. */
const exitCodes = { done: 0, failed: 1, usage: 2, notAuthorised: 4 } as const;

function exitCodeOf(error: unknown): number {
  if (!(error instanceof EtsiQkd014Error)) return exitCodes.failed;
  return error.code === 'BAD_OPTION' ? exitCodes.usage : error.code === 'NOT_ENTITLED' ? exitCodes.notAuthorised : exitCodes.failed;
}

/** Errors of usage are thrown, by the program and each of its commands, and told through `output`. */
function throwing(root: Command, { out, note }: Output): Command {
  for (const each of [root, ...root.commands]) each.exitOverride().configureOutput({ writeOut: (text) => { out(text.trimEnd()); }, writeErr: (text) => { note(text.trimEnd()); } });
  return root;
}

/** @param args what follows the program's name. @returns the exit code. */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const outcome = { good: true };
  try {
    await throwing(program(output, (good) => { outcome.good = good; }), output).parseAsync(args, { from: 'user' });
    return outcome.good ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof EtsiQkd014Error ? error.code : undefined;
    output.note(args.includes('--json') ? JSON.stringify({ level: 'error', code, message }) : `etsi-qkd-014: ${code === undefined ? '' : `${code}: `}${message}`);
    return exitCodeOf(error);
  }
}
