/** Restarts any process of the network that dies, for as long as the network is meant to run. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceOf } from './error.js';
import { findBinaries, type Binaries } from './nodes/fabric-binaries.js';
import { withLock } from './lock.js';
import { processOf } from './nodes/node-process.js';
import { nodesOf, type NetworkNode } from './nodes/nodes.js';
import type { NetworkOptions } from './options.js';
import { runningPid, startProcess } from './nodes/process.js';
import { silent } from './progress.js';
import { checkPorts, isWanted } from './nodes/start.js';
import { openState, type Network } from './state.js';

const intervalMs = 200;
// A process that lived this long is taken to be well, and is started again at once.
const steadyMs = 10_000;
const longestDelayMs = 5000;

/** When a process may be started again: at once, and later each time it dies young. */
class Backoff {
  readonly #starts = new Map<string, { at: number; delayMs: number }>();

  mayStart(name: string, now: number): boolean {
    const last = this.#starts.get(name);
    return !last || now >= last.at + last.delayMs;
  }

  started(name: string, now: number): void {
    const last = this.#starts.get(name);
    const young = last !== undefined && now - last.at < steadyMs;
    this.#starts.set(name, { at: now, delayMs: young ? Math.min(longestDelayMs, last.delayMs * 2) : intervalMs });
  }
}

async function restart(network: Network, node: NetworkNode, binaries: Binaries): Promise<boolean> {
  return withLock(network.dir, async () => {
    // Another command may have stopped the network, started the process or taken it out of the network meanwhile.
    if (!isWanted(network) || runningPid(network, node.name) !== undefined) return false;
    if (!nodesOf(openState(network.dir)).some(({ name }) => name === node.name)) return false;
    const spec = processOf(network, node, binaries);
    await checkPorts([spec]);
    await startProcess(network, spec);
    return true;
  });
}

/**
 * Watches a network that is up and restarts what dies, until `signal` is aborted or the network is taken down.
 * The processes run on when it ends. Nodes join and recover by themselves: their state tells them all.
 * @throws {NetworkError} STATE_MISSING, NO_FABRIC
 */
export async function supervise({ stateDir, topology, report = silent }: NetworkOptions, signal: AbortSignal): Promise<void> {
  let network = openState(stateDir, topology);
  const binaries = findBinaries();
  const backoff = new Backoff();
  while (!signal.aborted && isWanted(network)) {
    // Members come and go.
    network = openState(stateDir, topology);
    for (const node of nodesOf(network)) {
      const { name } = node;
      const now = performance.now();
      if (runningPid(network, name) !== undefined || !backoff.mayStart(name, now)) continue;
      try {
        if (await restart(network, node, binaries)) report({ step: `${name} restarted`, elapsedMs: Math.round(performance.now() - now) });
      } catch (error) {
        report({ step: `${name} not restarted: ${sentenceOf(error)}`, elapsedMs: Math.round(performance.now() - now) });
      }
      backoff.started(name, now);
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}
