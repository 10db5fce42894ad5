/** One command at a time on a state folder. */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetworkError } from './error.js';
import { startTimeOf } from './nodes/process.js';

const patienceMs = 120_000;

interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

function claim(file: string, holder: Holder): boolean {
  const own = `${file}.${holder.pid}`;
  writeFileSync(own, JSON.stringify(holder));
  try {
    // A link appears whole or not at all, and fails when the name is taken.
    linkSync(own, file);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function holderOf(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/**
 * Runs work while no other command works on the same state folder, waiting up to two minutes for it.
 * The lock of a command that was killed is taken over.
 * @throws {NetworkError} STATE_LOCKED when the other one does not end
 */
export async function withLock<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  const dir = resolve(stateDir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'lock');
  const own = { pid: process.pid, startedAt: startTimeOf(process.pid) ?? '' };
  const deadline = performance.now() + patienceMs;
  while (!claim(file, own)) {
    const holder = holderOf(file);
    if (holder && startTimeOf(holder.pid) !== holder.startedAt) rmSync(file, { force: true });
    else if (performance.now() > deadline) throw new NetworkError('STATE_LOCKED', `Another command (pid ${holder?.pid ?? 'unknown'}) is working on ${dir}.`, 'Wait for it, or stop it.');
    else await sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
