/** A child process that belongs to the study run: it logs to a file, is started again when it dies, and is stopped by its own pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to run a program and what to do when it ends. */
export interface Program {
  readonly name: string;
  /** A script for this Node, and its arguments. */
  readonly args: readonly string[];
  /** File that standard output and standard error are appended to. */
  readonly logFile: string;
  /** Exit codes that mean that the program has done its work; any other end starts it again. */
  readonly done: readonly number[];
}

/** Starts in a row that end within two seconds before the program counts as broken. */
const hopeless = 5;

export class SupervisedProcess {
  readonly program: Program;
  #child: ChildProcess | undefined;
  #stopping = false;
  #started = 0;
  #quickEnds = 0;
  /** How often the program was started again. */
  restarts = 0;
  /** Resolves with the exit code once the program is done, was stopped (0), or is broken. */
  readonly ended: Promise<number>;
  readonly #end: (code: number) => void;

  constructor(program: Program) {
    this.program = program;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.ended = promise;
    this.#end = resolve;
    mkdirSync(dirname(program.logFile), { recursive: true });
    this.#start();
  }

  /** Process ID while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  #start(): void {
    const log = openSync(this.program.logFile, 'a');
    const child = spawn(process.execPath, [...this.program.args], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    this.#started = performance.now();
    child.on('exit', (code) => {
      this.#child = undefined;
      if (this.#stopping) this.#end(0);
      else if (code !== null && this.program.done.includes(code)) this.#end(code);
      else this.#again(code);
    });
  }

  #again(code: number | null): void {
    this.#quickEnds = performance.now() - this.#started < 2000 && code !== null ? this.#quickEnds + 1 : 0;
    if (this.#quickEnds >= hopeless) {
      this.#end(code ?? 1);
      return;
    }
    this.restarts += 1;
    setTimeout(() => {
      if (this.#stopping) this.#end(0);
      else this.#start();
    }, 200 * this.#quickEnds);
  }

  /** Kills it at once, as a crash would; it is started again. Tells whether it was running. */
  kill(): boolean {
    return this.#child?.kill('SIGKILL') ?? false;
  }

  /** Stops it for good: asks, waits up to 10 s, then kills. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined) {
      this.#end(0);
      return;
    }
    child.kill('SIGTERM');
    const gone = await Promise.race([this.ended.then(() => true), sleep(10_000, false, { ref: false })]);
    if (!gone) child.kill('SIGKILL');
    await this.ended;
  }
}
