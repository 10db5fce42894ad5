/** Processes that belong to a state folder without being on its records: left over from a start that was cut off. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { nodesOf } from './nodes.js';
import { runningPid } from './process.js';
import type { Network } from '../state.js';

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

// Nodes run in a folder below `organizations`; chaincode processes are told files from there.
function belongsTo(folder: string, pid: string): string | undefined {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
    const isOurs = readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || words.some((word) => word.startsWith(folder));
    return isOurs ? words.join(' ') : undefined;
  } catch {
    // Gone meanwhile, or another user's.
    return undefined;
  }
}

/** Finds them where the system has /proc; nowhere else. */
export function leftovers(network: Network): Leftover[] {
  if (process.platform !== 'linux') return [];
  const folder = join(network.dir, 'organizations') + sep;
  const known = new Set(nodesOf(network).map(({ name }) => runningPid(network, name)));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && !known.has(Number(entry)))
    .flatMap((entry) => {
      const command = belongsTo(folder, entry);
      return command === undefined ? [] : [{ pid: Number(entry), command }];
    });
}
