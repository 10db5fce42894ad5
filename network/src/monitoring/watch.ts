/** The network as it goes: its vitals again and again, with what changed between two looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NetworkOptions } from '../options.js';
import { openState } from '../state.js';
import { vitals, type Vitals } from './vitals.js';

/** Vitals with what two looks tell together; absent at the first look and after a restart. */
export interface Pulse extends Vitals {
  /** Blocks that the highest process of the network is ahead. */
  readonly lag?: number;
  /** Transactions committed per second. */
  readonly transactionsPerSecond?: number;
  /** Share of one processor, 1 is all of one. */
  readonly cpu?: number;
}

/** One look. */
export interface Tick {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly channel: string;
  readonly processes: readonly Pulse[];
}

/** Compares two looks that lie `seconds` apart. @param before the earlier one, empty at the first */
export function pulses(before: readonly Vitals[], now: readonly Vitals[], seconds: number): Pulse[] {
  const highest = Math.max(...now.map(({ height }) => height ?? 0));
  return now.map((entry) => {
    const former = before.find(({ name, pid }) => name === entry.name && pid === entry.pid);
    const rate = (key: 'transactions' | 'cpuSeconds'): number | undefined => {
      const [from, to] = [former?.[key], entry[key]];
      return from === undefined || to === undefined || seconds <= 0 ? undefined : Math.max(0, (to - from) / seconds);
    };
    const [transactionsPerSecond, cpu] = [rate('transactions'), rate('cpuSeconds')];
    return {
      ...entry,
      ...(entry.height === undefined ? {} : { lag: highest - entry.height }),
      ...(transactionsPerSecond === undefined ? {} : { transactionsPerSecond }),
      ...(cpu === undefined ? {} : { cpu }),
    };
  });
}

/**
 * Looks at a network every `intervalMs` until `signal` is aborted.
 * @throws {NetworkError} STATE_MISSING
 */
export async function* watch({ stateDir, topology }: NetworkOptions, intervalMs: number, signal: AbortSignal): AsyncGenerator<Tick, void> {
  let before: Vitals[] = [];
  let at = performance.now();
  while (!signal.aborted) {
    // Opened anew each time: the network may have grown.
    const network = openState(stateDir, topology);
    const now = await vitals(network);
    const seen = performance.now();
    yield { time: new Date().toISOString(), channel: network.topology.channel, processes: pulses(before, now, (seen - at) / 1000) };
    [before, at] = [now, seen];
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
