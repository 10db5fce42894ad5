/** Starting what is missing and waiting until it serves. */
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkError } from '../error.js';
import type { Binaries } from './fabric-binaries.js';
import { untilServing } from './health.js';
import { processOf } from './node-process.js';
import type { NetworkNode } from './nodes.js';
import { isFree } from '../ports.js';
import { runningPid, startProcess, type ProcessSpec } from './process.js';
import type { Network } from '../state.js';

/** Free space under which nothing is started: a peer that cannot write stops in the middle of a block. */
export const leastFreeBytes = 500_000_000;

/** Free bytes for this user on the disk of a folder. */
export function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** @throws {NetworkError} NO_SPACE below the threshold */
export function checkSpace(dir: string, least: number = leastFreeBytes): void {
  const free = freeBytes(dir);
  if (free >= least) return;
  throw new NetworkError('NO_SPACE', `The disk of ${dir} has ${Math.floor(free / 1e6)} MB left, ${Math.ceil(least / 1e6)} MB are needed.`, 'Make room, or choose a folder on another disk with --state.');
}

/** @throws {NetworkError} PORT_IN_USE naming every taken port and the process that needs it */
export async function checkPorts(specs: readonly ProcessSpec[]): Promise<void> {
  const taken: string[] = [];
  for (const { name, ports } of specs) {
    for (const [use, port] of Object.entries(ports)) {
      if (!(await isFree(port))) taken.push(`  ${port}: ports.${use} of ${name}`);
    }
  }
  if (taken.length === 0) return;
  throw new NetworkError('PORT_IN_USE', `${taken.length} port(s) are in use by other programs:\n${taken.join('\n')}`, 'Stop those programs, or set other ports in the topology file and start with a new --state folder.');
}

const marker = (network: Network): string => join(network.dir, 'wanted');

/** Whether the network is meant to run; `supervise` ends when it is not. */
export function isWanted(network: Network): boolean {
  return existsSync(marker(network));
}

export function setWanted(network: Network, wanted: boolean): void {
  if (wanted) writeFileSync(marker(network), '');
  else rmSync(marker(network), { force: true });
}

/** Starts those of the nodes that do not run, and waits until all of them serve. Returns the names of the started. */
export async function startMissing(network: Network, nodes: readonly NetworkNode[], binaries: Binaries): Promise<string[]> {
  const missing = nodes.filter(({ name }) => runningPid(network, name) === undefined).map((node) => processOf(network, node, binaries));
  await checkPorts(missing);
  await Promise.all(missing.map(async (spec) => startProcess(network, spec)));
  await Promise.all(nodes.map(async (node) => untilServing(network, node)));
  return missing.map(({ name }) => name);
}
