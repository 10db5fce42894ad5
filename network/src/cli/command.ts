/** How each command of fl-network is declared: the options that all share, how it prints, and its exit codes. */
import { InvalidArgumentError, type Command } from 'commander';
import type { NetworkOptions } from '../options.js';
import { reportOnStderr } from '../progress.js';
import { hostName, readTopology } from '../topology.js';

/** Exit codes of all commands. */
export const exit = { done: 0, failed: 1, usage: 2, refused: 3 } as const;

/** What every command gets, beside the flags that it declares itself; commander refuses the others. */
export interface SharedFlags {
  readonly state: string;
  readonly topology?: string;
  readonly json?: true;
}

/** The work of a command; gives its exit code. */
export type Run<Flags> = (options: NetworkOptions, flags: Flags & SharedFlags, json: boolean, args: readonly string[]) => Promise<number>;

/** Prints a result on stdout: one JSON document, or text for people. */
export function print(json: boolean, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

/** Rows of text as lines with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}

/** Aborted by the first SIGINT or SIGTERM. */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

/** Reads an option that counts something. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** Reads a TCP port; 0 lets the system choose. */
export function port(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return value;
}

/** Reads a DNS name or an IPv4 address. */
export function host(text: string): string {
  const { success } = hostName.safeParse(text);
  if (!success) throw new InvalidArgumentError('It must be a DNS name or an IPv4 address.');
  return text;
}

/** Declares a command of a program, or of a group of commands. */
export function command<Flags extends object>(program: Command, name: string, description: string, example: string, run: Run<Flags>): Command {
  return program
    .command(name)
    .description(description)
    .addHelpText('before', `Example:\n  ${example}\n`)
    .option('--state <dir>', 'folder that holds all of the network', '.state/network')
    .option('--topology <file>', 'who takes part (default: the topology that ships with this program)')
    .option('--json', 'one JSON document on stdout, JSON lines on stderr')
    .exitOverride()
    .action(async (...received: unknown[]) => {
      const self = received.at(-1) as Command;
      const flags = self.opts<Flags & SharedFlags>();
      const json = flags.json ?? false;
      const options = { stateDir: flags.state, report: reportOnStderr(json), ...(flags.topology === undefined ? {} : { topology: readTopology(flags.topology) }) };
      process.exitCode = await run(options, flags, json, self.args);
    });
}
