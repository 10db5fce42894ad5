/** The rival's side of the totals: Flower's simulation (Ray) and its deployment mode (a SuperLink and four SuperNodes), on the same rows. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Total } from './federation.js';
import { withPeakMemory } from './peak-memory.js';
import { rivalFolder } from './rival-python.js';
import { rounds } from './tasks.js';

const nodes = 4;
const deadlineMs = 900_000;

/** A rival's process: it tells nobody of itself, and its words go to a log. */
class Process {
  readonly child: ChildProcess;
  readonly #log: string;

  constructor(program: string, args: readonly string[], home: string, log: string) {
    const out = openSync(log, 'a');
    this.#log = log;
    const path = `${dirname(program)}:${process.env['PATH'] ?? ''}`;
    this.child = spawn(program, args, {
      stdio: ['ignore', out, out], detached: true,
      env: { ...process.env, PATH: path, FLWR_HOME: home, FLWR_TELEMETRY_ENABLED: '0', RAY_USAGE_STATS_ENABLED: '0', OPENBLAS_NUM_THREADS: '1' },
    });
    closeSync(out);
  }

  /** @throws Error when it ends with a fault, or not at all in time. */
  async done(): Promise<void> {
    const [code] = await Promise.race([once(this.child, 'exit') as Promise<[number | null]>, sleep(deadlineMs, [null] as const, { ref: false })]);
    if (code !== 0) throw new Error(`${this.child.spawnargs.join(' ')} ended with ${String(code)}; its log ends with:\n${readFileSync(this.#log, 'utf8').trim().split('\n').slice(-5).join('\n')}`);
  }

  /** Ends it and all that it started. */
  stop(): void {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    } catch {
      // The group has ended by itself.
    }
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** The simulation from the start of its process to its end. @param task as `writeTask` left it. */
export async function simulated(python: string, task: string): Promise<Total> {
  const folder = dirname(task);
  const { result: seconds, peakMb } = await withPeakMemory(python, () => timed(async () => {
    const simulation = new Process(python, [join(rivalFolder, 'simulate.py'), task, String(rounds)], join(folder, 'home'), join(folder, 'simulation.log'));
    await simulation.done().finally(() => { simulation.stop(); });
  }));
  return { seconds, peakMb };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(port: number): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end;) {
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false);
    if (answers) return;
    await sleep(200);
  }
  throw new Error(`nothing answers at port ${port}`);
}

/** A SuperLink with its SuperNodes, up until disposed. */
export class Deployment implements Disposable {
  readonly #python: string;
  readonly #home: string;
  readonly #log: string;
  readonly #processes: Process[] = [];

  private constructor(python: string, folder: string) {
    this.#python = python;
    this.#home = join(folder, 'home');
    this.#log = join(folder, 'deployment.log');
    mkdirSync(this.#home, { recursive: true });
  }

  /** Starts them, without TLS and without authentication, which is the least work. */
  static async start(python: string, folder: string): Promise<Deployment> {
    const deployment = new Deployment(python, folder);
    const port = await freePort();
    const start = (program: string, ...args: string[]): void => {
      deployment.#processes.push(new Process(join(dirname(python), program), args, deployment.#home, deployment.#log));
    };
    writeFileSync(join(deployment.#home, 'config.toml'), `[superlink]\ndefault = "bench"\n\n[superlink.bench]\naddress = "127.0.0.1:${port}"\ninsecure = true\n`);
    try {
      start('flower-superlink', '--insecure', '--disable-runtime-dependency-installation', '--port', String(port));
      await answering(port);
      for (let node = 0; node < nodes; node++) start('flower-supernode', '--insecure', '--superlink', `127.0.0.1:${port}`, '--port', String(await freePort()), '--node-config', `partition-id=${node}`);
      return deployment;
    } catch (error) {
      deployment[Symbol.dispose]();
      throw error;
    }
  }

  /** Runs a task for so many rounds; seconds from `flwr run` to the end of the run. */
  async run(task: string, count: number): Promise<number> {
    return timed(async () => {
      const command = new Process(join(dirname(this.#python), 'flwr'), ['run', rivalFolder, 'bench', '--stream', '--run-config', `task="${task}" rounds=${count}`], this.#home, this.#log);
      await command.done().finally(() => { command.stop(); });
    });
  }

  [Symbol.dispose](): void {
    for (const one of this.#processes) one.stop();
  }
}
