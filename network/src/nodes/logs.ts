/** What a process has said, and what it goes on to say. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { NetworkError } from '../error.js';
import { nodesOf } from './nodes.js';
import type { NetworkOptions } from '../options.js';
import { logFile } from './process.js';
import { openState } from '../state.js';

const chunkBytes = 65_536;
const pollMs = 200;

export interface LogOptions extends NetworkOptions {
  /** Name of a process, such as `peer.HospitalA`. */
  readonly name: string;
  /** How many of the last lines, from 1. */
  readonly lines: number;
  /** Given to follow the log until it is aborted. */
  readonly follow?: AbortSignal;
}

function readFrom(file: string, from: number, length: number): Buffer {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(handle, buffer, 0, length, from));
  } finally {
    closeSync(handle);
  }
}

/** Offset at which the last `lines` lines of a file begin. */
function startOfTail(file: string, lines: number): number {
  let at = statSync(file).size;
  let seen = 0;
  while (at > 0) {
    const from = Math.max(0, at - chunkBytes);
    const chunk = readFrom(file, from, at - from);
    for (let index = chunk.length - 1; index >= 0; index--) {
      // The newline that ends the last line begins none.
      if (chunk[index] === 0x0a && seen++ === lines) return from + index + 1;
    }
    at = from;
  }
  return 0;
}

/**
 * Gives the end of a log, and with `follow` everything after it, in pieces as they come.
 * @throws {NetworkError} USAGE for an unknown name, STATE_MISSING
 */
export async function* logs({ stateDir, topology, name, lines, follow }: LogOptions): AsyncGenerator<Buffer, void> {
  const network = openState(stateDir, topology);
  const names = nodesOf(network).map((node) => node.name);
  if (!names.includes(name)) throw new NetworkError('USAGE', `There is no process ${name}.`, `Name one of ${names.join(', ')}.`);
  const file = logFile(network, name);
  let at = existsSync(file) ? startOfTail(file, lines) : 0;
  for (;;) {
    while (existsSync(file)) {
      const piece = readFrom(file, at, chunkBytes);
      if (piece.length === 0) break;
      at += piece.length;
      yield piece;
    }
    if (!follow || follow.aborted) return;
    await sleep(pollMs, undefined, { signal: follow }).catch(() => undefined);
  }
}
