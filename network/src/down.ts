/** Stops a network's processes and, separately, removes its state. */
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NetworkError } from './error.js';
import { withLock } from './lock.js';
import { nodesOf } from './nodes/nodes.js';
import type { NetworkOptions } from './options.js';
import { stopProcess } from './nodes/process.js';
import { silent, timed } from './progress.js';
import { setWanted } from './nodes/start.js';
import { openState } from './state.js';

/** Stops every process by the pid it was started with. Returns the names of those that ran. */
export async function down({ stateDir, topology, report = silent }: NetworkOptions): Promise<string[]> {
  const network = openState(stateDir, topology);
  return withLock(stateDir, async () => {
    setWanted(network, false);
    return timed(report, 'Processes stopped', async () => {
      const stopped = await Promise.all(nodesOf(network).map(async ({ name }) => ((await stopProcess(network, name)) ? name : undefined)));
      return stopped.filter((name) => name !== undefined);
    });
  });
}

/**
 * Stops the network and removes its state: ledgers, keys, everything.
 * @throws {NetworkError} NOT_CONFIRMED without `confirm`
 */
export async function clean({ confirm, ...options }: NetworkOptions & { readonly confirm: boolean }): Promise<void> {
  const dir = resolve(options.stateDir);
  // Only a folder that is a network's state may be removed, whatever a mistyped --state names.
  if (!existsSync(join(dir, 'network.json'))) throw new NetworkError('STATE_MISSING', `${dir} holds no network.`, 'Name the right folder with --state.');
  if (!confirm) throw new NetworkError('NOT_CONFIRMED', `This removes ${dir} with its ledger and all keys, for good.`, 'Add --confirm.');
  await down(options);
  rmSync(dir, { recursive: true, force: true });
}
