/** What processes have used, as Linux tells it: CPU time and resident memory. */
import { readFileSync } from 'node:fs';

/** Milliseconds of a tick in /proc (USER_HZ, always 100 on Linux). */
const tickMs = 10;

/** User and system CPU time from the text of /proc/PID/stat (proc(5): fields 14 and 15), ms. */
export function cpuMsOf(stat: string): number {
  // After the name in parentheses, which may hold anything, comes field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

/** CPU time of a process so far, ms. @throws Error when it does not run. */
export const cpuMs = (pid: number): number => cpuMsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Resident memory of a process, bytes. @throws Error when it does not run. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** CPU time by kind of process, ms. */
export type CpuByKind = Readonly<Record<string, number>>;

/** CPU time so far of every kind of process. @param pids by kind. */
export const cpuByKind = (pids: Readonly<Record<string, readonly number[]>>): CpuByKind =>
  Object.fromEntries(Object.entries(pids).map(([kind, list]) => [kind, list.reduce((sum, pid) => sum + cpuMs(pid), 0)]));

/** What was used between two readings, for each of `count` transactions, ms; `total` is the sum over all kinds. */
export function cpuPer(count: number, before: CpuByKind, after: CpuByKind): CpuByKind {
  const kinds = Object.entries(after).map(([kind, used]) => [kind, (used - (before[kind] ?? 0)) / count] as const);
  return { ...Object.fromEntries(kinds), total: kinds.reduce((sum, [, used]) => sum + used, 0) };
}
