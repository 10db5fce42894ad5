/** The command line fl-network: reads options, runs one command, prints its result on stdout, and ends with its exit code. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { deploy } from './deploy.js';
import { doctor, type Finding } from './doctor.js';
import { clean, down } from './down.js';
import { NetworkError, sentenceOf } from './error.js';
import { logs } from './logs.js';
import type { NetworkOptions } from './options.js';
import { reportOnStderr } from './progress.js';
import { status, type NetworkStatus } from './status.js';
import { supervise } from './supervise.js';
import { readTopology } from './topology.js';
import { up } from './up.js';

const exit = { done: 0, failed: 1, usage: 2 } as const;
const usageCodes = new Set(['USAGE', 'TOPOLOGY_INVALID', 'NOT_CONFIRMED']);

/** Options of all commands; each declares which it takes, and commander refuses the others. */
interface Flags {
  readonly state: string;
  readonly topology?: string;
  readonly json?: true;
  readonly supervise?: true;
  readonly lines?: number;
  readonly follow?: true;
  readonly path?: string;
  readonly confirm?: true;
}

type Run = (options: NetworkOptions, flags: Flags, json: boolean, args: readonly string[]) => Promise<number>;

function print(json: boolean, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

function statusTable({ processes, channel, consensus, genesis, chaincode }: NetworkStatus): string {
  const rows = [
    ['process', 'pid', 'port', 'health', 'height', 'channel'],
    ...processes.map(({ name, pid, port, health, height, relation }) => [name, String(pid ?? '-'), String(port), health, String(height ?? '-'), relation ?? '-']),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  const deployed = chaincode ? `${chaincode.label}, version ${chaincode.version}, sequence ${chaincode.sequence}` : 'none deployed';
  return [`channel ${channel} (${consensus}), genesis ${genesis ?? 'none'}, chaincode ${deployed}`, ...lines].join('\n');
}

const mark: Record<Finding['level'], string> = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };

/** Aborted by the first SIGINT or SIGTERM. */
function untilSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

const program = new Command('fl-network')
  .description('A real Hyperledger Fabric network on one machine, without containers.')
  .addHelpText('before', 'Example:\n  fl-network up && fl-network deploy && fl-network status\n')
  .exitOverride();

/** Declares a command with the options that all share; `run` gives the exit code. */
function command(name: string, description: string, example: string, run: Run): Command {
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
      const flags = self.opts<Flags>();
      const json = flags.json ?? false;
      const options = { stateDir: flags.state, report: reportOnStderr(json), ...(flags.topology === undefined ? {} : { topology: readTopology(flags.topology) }) };
      process.exitCode = await run(options, flags, json, self.args);
    });
}

command('up', 'bring the network up, or what is missing of it', 'fl-network up', async (options, flags, json) => {
  const signal = flags.supervise ? untilSignal() : undefined;
  const { network, genesis, started } = await up(options);
  const peers = network.organizations.map(({ mspId, ports }) => ({ mspId, endpoint: `localhost:${ports.peer}` }));
  const value = { stateDir: network.dir, channel: network.topology.channel, genesis, started, peers };
  print(json, value, `Channel ${value.channel} is up (${started.length} processes started), genesis ${genesis}\nProfiles: ${network.dir}/profiles`);
  if (signal) await supervise(options, signal);
  return exit.done;
}).option('--supervise', 'stay in the foreground and restart what dies; the network runs on after SIGINT or SIGTERM');

command('down', 'stop the network; its state stays', 'fl-network down', async (options, _flags, json) => {
  const stopped = await down(options);
  print(json, { stopped }, `${stopped.length} processes stopped`);
  return exit.done;
});

command('status', 'what runs, and whether it serves; exit code 1 when something does not', 'fl-network status --json', async (options, _flags, json) => {
  const value = await status(options);
  print(json, value, statusTable(value));
  return value.healthy ? exit.done : exit.failed;
});

command('logs', 'what a process has said', 'fl-network logs peer.HospitalA --follow', async (options, flags, _json, args) => {
  const follow = flags.follow ? { follow: untilSignal() } : {};
  for await (const piece of logs({ ...options, name: args[0] ?? '', lines: flags.lines ?? 100, ...follow })) process.stdout.write(piece);
  return exit.done;
})
  .argument('<name>', 'a process as status names it')
  .option('--lines <n>', 'how many of the last lines', positive, 100)
  .option('--follow', 'go on until SIGINT or SIGTERM');

command('deploy', 'deploy the chaincode as a service, or upgrade it when its code has changed', 'fl-network deploy', async (options, flags, json) => {
  const value = await deploy({ ...options, ...(flags.path === undefined ? {} : { path: flags.path }) });
  print(json, value, `${value.changed ? 'Deployed' : 'Already deployed'}: ${value.packageId}, version ${value.version}, sequence ${value.sequence}`);
  return exit.done;
}).option('--path <dir>', 'folder of a built Node chaincode\'s package.json (default: the chaincode of this repository)');

command('doctor', 'look for what keeps the network from working; exit code 1 when something does', 'fl-network doctor', async (options, _flags, json) => {
  const findings = await doctor(options);
  const lines = findings.map(({ check, level, sentence, remedy }) => `${mark[level]} ${check}: ${sentence}${remedy === undefined ? '' : ` -> ${remedy}`}`);
  print(json, { findings }, lines.join('\n'));
  return findings.some(({ level }) => level === 'fault') ? exit.failed : exit.done;
});

command('clean', 'stop the network and remove its state: ledger, keys, everything', 'fl-network clean --confirm', async (options, flags, json) => {
  await clean({ ...options, confirm: flags.confirm ?? false });
  print(json, { removed: options.stateDir }, `${options.stateDir} removed`);
  return exit.done;
}).option('--confirm', 'without it nothing is removed');

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; help and version end well.
    process.exitCode = error.exitCode === 0 ? exit.done : exit.usage;
  } else {
    const { code, remedy } = error instanceof NetworkError ? error : { code: 'INTERNAL', remedy: '' };
    const json = process.argv.includes('--json');
    process.stderr.write(json ? `${JSON.stringify({ event: 'error', code, message: sentenceOf(error), remedy })}\n` : `${code}: ${sentenceOf(error)}\n${remedy}\n`);
    process.exitCode = usageCodes.has(code) ? exit.usage : exit.failed;
  }
}
