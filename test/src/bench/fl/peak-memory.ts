/** The largest memory that a group of processes held together while some work ran, from looks every 200 ms. */
import { readdirSync, readFileSync } from 'node:fs';
import { residentBytes } from '../resources.js';

/** Of a process: who started it, and its command line with spaces. */
interface Known {
  readonly parent: number;
  readonly commandLine: string;
}

/** Fields of a process that may end at any time. */
function known(pid: number): Known | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in parentheses, which may hold anything, comes field 3, then the parent.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { parent, commandLine: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') };
  } catch {
    return undefined;
  }
}

/** Process IDs below this process whose command line, or that of who started them, holds a text. */
function belowHolding(text: string): number[] {
  const all = new Map(readdirSync('/proc').map(Number).filter(Number.isInteger).flatMap((pid) => {
    const found = known(pid);
    return found === undefined ? [] : [[pid, found] as const];
  }));
  const belongs = (pid: number): boolean => {
    let holds = false;
    for (let at = pid; at > 1; at = all.get(at)?.parent ?? 0) {
      if (at === process.pid) return holds;
      holds ||= all.get(at)?.commandLine.includes(text) === true;
    }
    return false;
  };
  return [...all.keys()].filter(belongs);
}

const residentOf = (pid: number): number => {
  try {
    return residentBytes(pid) || 0; // one that has just ended has none
  } catch {
    return 0;
  }
};

/** Does work and looks at the resident memory of processes that it starts, those that hold `text` in their command line with all that they start. @returns its result and megabytes (10⁶). */
export async function withPeakMemory<T>(text: string, work: () => Promise<T>): Promise<{ readonly result: T; readonly peakMb: number }> {
  let peak = 0;
  const timer = setInterval(() => { peak = Math.max(peak, belowHolding(text).reduce((sum, pid) => sum + residentOf(pid), 0)); }, 200);
  try {
    return { result: await work(), peakMb: peak / 1e6 };
  } finally {
    clearInterval(timer);
  }
}
