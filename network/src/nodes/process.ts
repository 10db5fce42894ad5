/** One background process: started detached with a log, known by its pid and start time, so that a pid used again is not taken for it. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetworkError } from '../error.js';
import { writeJson, type Network } from '../state.js';

/** What to start. */
export interface ProcessSpec {
  /** Name within the network, such as `peer.HospitalA`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to the environment; all else but PATH is left out, so that settings of the caller's shell do not reach a node. */
  readonly env: Readonly<Record<string, string>>;
  /** Every TCP port it will listen on, by what it is for. */
  readonly ports: Readonly<Record<string, number>>;
}

interface ProcessRecord {
  readonly pid: number;
  /** When the process started, in the operating system's own words. */
  readonly startedAt: string;
  /** How often it was started again after it had died; absent in records of older versions. */
  readonly restarts?: number;
}

/** Start time of a live process, undefined when there is none or it is dead and only not yet collected. */
export function startTimeOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // After the name in parentheses, which may hold anything: state is field 3, start time in ticks since boot field 22.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      // A killed process has ended when its last thread has: until then it holds its ports and files.
      const ended = fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1;
      return ended ? undefined : fields[19];
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || undefined;
  } catch {
    return undefined;
  }
}

const recordFile = (network: Network, name: string): string => join(network.dir, 'processes', `${name}.json`);

/** Where a process writes what it says. */
export function logFile(network: Network, name: string): string {
  return join(network.dir, 'processes', `${name}.log`);
}

// Stopping a process on purpose removes its record.
function readRecord(network: Network, name: string): ProcessRecord | undefined {
  const file = recordFile(network, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProcessRecord) : undefined;
}

/** Pid of a process of this network if it runs. */
export function runningPid(network: Network, name: string): number | undefined {
  const record = readRecord(network, name);
  return record && startTimeOf(record.pid) === record.startedAt ? record.pid : undefined;
}

/** How often a process was started again after it had died, since it was last stopped on purpose. */
export function restartsOf(network: Network, name: string): number {
  return readRecord(network, name)?.restarts ?? 0;
}

/**
 * Starts a process that outlives this one.
 * @returns its pid
 * @throws {NetworkError} PROCESS_FAILED when the program cannot be started
 */
export async function startProcess(network: Network, spec: ProcessSpec): Promise<number> {
  const file = logFile(network, spec.name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const log = openSync(file, 'a', 0o600);
  try {
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { PATH: process.env['PATH'] ?? '', ...spec.env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((done, failed) => {
      child.once('spawn', done);
      child.once('error', failed);
    });
    child.unref();
    const { pid } = child;
    if (pid === undefined) throw new Error('no pid');
    const former = readRecord(network, spec.name);
    const restarts = former ? (former.restarts ?? 0) + 1 : 0;
    writeJson(recordFile(network, spec.name), { pid, startedAt: startTimeOf(pid) ?? 'gone', restarts } satisfies ProcessRecord);
    return pid;
  } catch (error) {
    throw new NetworkError('PROCESS_FAILED', `${spec.name} cannot be started: ${String(error)}`, `Check that ${spec.command} can be run.`, error);
  } finally {
    closeSync(log);
  }
}

/** Last lines of a process's log, for an error message. */
export function lastWords(network: Network, name: string, lines = 5): string {
  const file = logFile(network, name);
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).map((line) => `  ${line}`).join('\n');
}

/** Asks a process to end, and ends it after `graceMs`. Returns whether it ran. */
export async function stopProcess(network: Network, name: string, graceMs = 5000): Promise<boolean> {
  const pid = runningPid(network, name);
  const record = recordFile(network, name);
  if (pid === undefined) {
    rmSync(record, { force: true });
    return false;
  }
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (runningPid(network, name) === pid) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(20);
  }
  rmSync(record, { force: true });
  return true;
}
