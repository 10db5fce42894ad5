/** `fl-audit`: reads the arguments, runs a command, ends with the exit code it earned. */
import process from 'node:process';
import { CommanderError, type Command } from 'commander';
import { CodedError } from '@epione/protocol';
import { auditCommand } from './audit/commands.js';
import { exitCodeOf, exitCodes } from './audit/exit-code.js';

const program = auditCommand({
  out: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
  exit: (code) => { process.exitCode = code; },
});
// Every command must leave by an exception, or commander would end the process with 1 for wrong usage.
for (const command of [program, ...program.commands]) command.exitOverride();

async function run(command: Command): Promise<void> {
  try {
    await command.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
      return;
    }
    process.exitCode = exitCodeOf(error);
    const code = error instanceof CodedError ? String(error.code) : undefined;
    const message = error instanceof Error ? error.message : String(error);
    const asJson = process.argv.includes('--json');
    process.stderr.write(asJson ? `${JSON.stringify({ level: 'error', code, message })}\n` : `fl-audit: ${code === undefined ? '' : `${code}: `}${message}\n`);
  }
}

await run(program);
