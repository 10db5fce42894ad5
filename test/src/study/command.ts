/** One call of a command line of the house, as a user would type it; its result is the JSON it prints. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the command lines of the packages are. */
export const programs = {
  'fl-network': join(root, 'network', 'bin', 'fl-network.mjs'),
  'qkd-sim': join(root, 'qkd-sim', 'bin', 'qkd-sim.mjs'),
  'fl-worker': join(root, 'fl-worker', 'bin', 'fl-worker.mjs'),
  'fl-audit': join(root, 'client', 'bin', 'fl-audit.mjs'),
  'etsi-qkd-014': join(root, 'client', 'bin', 'etsi-qkd-014.mjs'),
} as const;
export type ProgramName = keyof typeof programs;

/** The root of the repository. */
export const repository = root;

/** A command that ended with another exit code than asked for. */
export class CommandError extends Error {
  readonly exitCode: number;
  readonly stderr: string;

  constructor(command: string, exitCode: number, stderr: string) {
    super(`${command} ended with exit code ${exitCode}: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * Runs `NAME ...args --json` and reads what it prints.
 * @param accept further exit codes that are results, not faults (`fl-audit verify` ends with 1 for `invalid`).
 * @throws CommandError with the exit code and what it said on standard error.
 */
export async function command<T>(name: ProgramName, args: readonly string[], accept: readonly number[] = []): Promise<T> {
  const run = promisify(execFile);
  try {
    const { stdout } = await run(process.execPath, [programs[name], ...args, '--json'], { maxBuffer: 2 ** 28 });
    return JSON.parse(stdout) as T;
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code === 'number' && accept.includes(code)) return JSON.parse(stdout ?? '') as T;
    if (typeof code !== 'number') throw error;
    throw new CommandError(`${name} ${args.join(' ')}`, code, stderr ?? '');
  }
}
