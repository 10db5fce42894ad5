/** The commands that run a network on this machine: up, down, status, logs, doctor, clean. */
import type { Command } from 'commander';
import { doctor, type Finding } from '../doctor/doctor.js';
import { clean, down } from '../down.js';
import { logs } from '../nodes/logs.js';
import { status, type NetworkStatus } from '../status.js';
import { supervise } from '../supervise.js';
import { up } from '../up.js';
import { command, exit, positive, print, table, untilSignal } from './command.js';

function statusTable({ processes, channel, consensus, genesis, chaincode }: NetworkStatus): string {
  const rows = [
    ['process', 'pid', 'port', 'health', 'height', 'channel'],
    ...processes.map(({ name, pid, port, health, height, relation }) => [name, String(pid ?? '-'), String(port), health, String(height ?? '-'), relation ?? '-']),
  ];
  const deployed = chaincode ? `${chaincode.label}, version ${chaincode.version}, sequence ${chaincode.sequence}` : 'none deployed';
  return `channel ${channel} (${consensus}), genesis ${genesis ?? 'none'}, chaincode ${deployed}\n${table(rows)}`;
}

const mark: Record<Finding['level'], string> = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };

/** Declares the commands. */
export function networkCommands(program: Command): void {
  command<{ supervise?: true }>(program, 'up', 'bring the network up, or what is missing of it', 'fl-network up', async (options, flags, json) => {
    const signal = flags.supervise ? untilSignal() : undefined;
    const { network, genesis, started } = await up(options);
    const peers = network.organizations.map(({ mspId, ports }) => ({ mspId, endpoint: `localhost:${ports.peer}` }));
    const value = { stateDir: network.dir, channel: network.topology.channel, genesis, started, peers };
    print(json, value, `Channel ${value.channel} is up (${started.length} processes started), genesis ${genesis}\nProfiles: ${network.dir}/profiles`);
    if (signal) await supervise(options, signal);
    return exit.done;
  }).option('--supervise', 'stay in the foreground and restart what dies; the network runs on after SIGINT or SIGTERM');

  command(program, 'down', 'stop the network; its state stays', 'fl-network down', async (options, _flags, json) => {
    const stopped = await down(options);
    print(json, { stopped }, `${stopped.length} processes stopped`);
    return exit.done;
  });

  command(program, 'status', 'what runs, and whether it serves; exit code 1 when something does not', 'fl-network status --json', async (options, _flags, json) => {
    const value = await status(options);
    print(json, value, statusTable(value));
    return value.healthy ? exit.done : exit.failed;
  });

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
