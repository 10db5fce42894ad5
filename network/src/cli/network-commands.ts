/** The commands that run a network on this machine: up, down, status, logs, doctor, clean. */
import type { Command } from 'commander';
import { doctor, type Finding } from '../doctor/doctor.js';
import { clean, down } from '../down.js';
import { NetworkError } from '../error.js';
import { serveMetrics } from '../monitoring/metrics-server.js';
import { networkMetrics } from '../monitoring/network-metrics.js';
import { watch, type Tick } from '../monitoring/watch.js';
import { logs } from '../nodes/logs.js';
import type { NetworkOptions } from '../options.js';
import { status, type NetworkStatus } from '../status.js';
import { supervise } from '../supervise.js';
import { up } from '../up.js';
import { command, exit, port, positive, print, table, untilSignal } from './command.js';

function statusTable({ processes, channel, consensus, genesis, chaincode }: NetworkStatus): string {
  const rows = [
    ['process', 'pid', 'port', 'health', 'height', 'channel'],
    ...processes.map(({ name, pid, port, health, height, relation }) => [name, String(pid ?? '-'), String(port), health, String(height ?? '-'), relation ?? '-']),
  ];
  const deployed = chaincode ? `${chaincode.label}, version ${chaincode.version}, sequence ${chaincode.sequence}` : 'none deployed';
  return `channel ${channel} (${consensus}), genesis ${genesis ?? 'none'}, chaincode ${deployed}\n${table(rows)}`;
}

const cell = (value: number | string | undefined, digits?: number): string => (value === undefined ? '-' : typeof value === 'number' && digits !== undefined ? value.toFixed(digits) : String(value));

function tickTable({ time, channel, processes }: Tick): string {
  const rows = processes.map(({ name, pid, restarts, height, lag, transactionsPerSecond, leader, view, cpu, residentBytes }) =>
    [name, cell(pid), cell(restarts), cell(height), cell(lag), cell(transactionsPerSecond, 1), cell(leader), cell(view), cell(cpu && 100 * cpu, 0), cell(residentBytes && residentBytes / 1e6, 0)]);
  return `channel ${channel}, ${time}\n${table([['process', 'pid', 'restarts', 'height', 'lag', 'tx/s', 'leader', 'view', 'CPU %', 'RSS MB'], ...rows])}`;
}

/** Prints a look after another: on a terminal in place of the one before. */
async function showPulse(options: NetworkOptions, seconds: number, json: boolean): Promise<void> {
  const clear = process.stdout.isTTY && !json ? '\u001b[H\u001b[2J' : '';
  for await (const tick of watch(options, 1000 * seconds, untilSignal())) {
    process.stdout.write(clear);
    print(json, tick, `${tickTable(tick)}${clear ? '' : '\n'}`);
  }
}

/** Restarts what dies, and serves metrics if asked to, until a signal. */
async function stay(options: NetworkOptions, signal: AbortSignal, metricsPort: number | undefined): Promise<void> {
  if (metricsPort === undefined) return supervise(options, signal);
  await using server = await serveMetrics(metricsPort, async () => networkMetrics(options));
  process.stderr.write(`Metrics: http://127.0.0.1:${server.port}/metrics\n`);
  await supervise(options, signal);
}

const mark: Record<Finding['level'], string> = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };

/** Declares the commands. */
export function networkCommands(program: Command): void {
  command<{ supervise?: true; metricsPort?: number }>(program, 'up', 'bring the network up, or what is missing of it', 'fl-network up', async (options, flags, json) => {
    if (flags.metricsPort !== undefined && !flags.supervise) throw new NetworkError('USAGE', '--metrics-port needs --supervise, because only a process that stays can serve metrics.', 'Add --supervise.');
    const signal = flags.supervise ? untilSignal() : undefined;
    const { network, genesis, started } = await up(options);
    const peers = network.organizations.map(({ mspId, ports }) => ({ mspId, endpoint: `localhost:${ports.peer}` }));
    const value = { stateDir: network.dir, channel: network.topology.channel, genesis, started, peers };
    print(json, value, `Channel ${value.channel} is up (${started.length} processes started), genesis ${genesis}\nProfiles: ${network.dir}/profiles`);
    if (signal) await stay(options, signal, flags.metricsPort);
    return exit.done;
  })
    .option('--supervise', 'stay in the foreground and restart what dies; the network runs on after SIGINT or SIGTERM')
    .option('--metrics-port <n>', 'with --supervise: serve metrics for Prometheus on this loopback port, 0 for a free one', port);

  command(program, 'down', 'stop the network; its state stays', 'fl-network down', async (options, _flags, json) => {
    const stopped = await down(options);
    print(json, { stopped }, `${stopped.length} processes stopped`);
    return exit.done;
  });

  command<{ watch?: true; interval?: number }>(program, 'status', 'what runs, and whether it serves; exit code 1 when something does not', 'fl-network status --json', async (options, flags, json) => {
    if (flags.watch) {
      await showPulse(options, flags.interval ?? 2, json);
      return exit.done;
    }
    const value = await status(options);
    print(json, value, statusTable(value));
    return value.healthy ? exit.done : exit.failed;
  })
    .option('--watch', 'go on until SIGINT or SIGTERM: heights, leader, transactions per second, restarts, load; JSON lines with --json')
    .option('--interval <seconds>', 'with --watch: between two looks', positive, 2);

  command<{ lines?: number; follow?: true }>(program, 'logs', 'what a process has said', 'fl-network logs peer.HospitalA --follow', async (options, flags, _json, args) => {
    const follow = flags.follow ? { follow: untilSignal() } : {};
    for await (const piece of logs({ ...options, name: args[0] ?? '', lines: flags.lines ?? 100, ...follow })) process.stdout.write(piece);
    return exit.done;
  })
    .argument('<name>', 'a process as status names it')
    .option('--lines <n>', 'how many of the last lines', positive, 100)
    .option('--follow', 'go on until SIGINT or SIGTERM');

  command(program, 'doctor', 'look for what keeps the network from working; exit code 1 when something does', 'fl-network doctor', async (options, _flags, json) => {
    const findings = await doctor(options);
    const lines = findings.map(({ check, level, sentence, remedy }) => `${mark[level]} ${check}: ${sentence}${remedy === undefined ? '' : ` -> ${remedy}`}`);
    print(json, { findings }, lines.join('\n'));
    return findings.some(({ level }) => level === 'fault') ? exit.failed : exit.done;
  });

  command<{ confirm?: true }>(program, 'clean', 'stop the network and remove its state: ledger, keys, everything', 'fl-network clean --confirm', async (options, flags, json) => {
    await clean({ ...options, confirm: flags.confirm ?? false });
    print(json, { removed: options.stateDir }, `${options.stateDir} removed`);
    return exit.done;
  }).option('--confirm', 'without it nothing is removed');
}
