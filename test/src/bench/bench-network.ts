/** A network of its own for a benchmark: brought up in a fresh folder, with the contracts and the baseline's beside them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clean, deploy, parseTopology, status, up, type Topology } from '@epione/network';
import type { CpuByKind } from './resources.js';
import { cpuByKind, residentBytes } from './resources.js';

/** Our contracts and the plainest put, in one chaincode. */
export const benchChaincode = fileURLToPath(new URL('../../bench/chaincode', import.meta.url));

/** Process IDs of a network that runs, by kind of process. @throws NetworkError STATE_MISSING. */
export async function pidsOf(stateDir: string): Promise<Record<string, number[]>> {
  const pids: Record<string, number[]> = {};
  for (const { name, pid } of (await status({ stateDir })).processes) if (pid !== undefined) (pids[name.split('.')[0] ?? name] ??= []).push(pid);
  return pids;
}

export type Consensus = Topology['consensus'];

const organizations = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'].map((mspId) => ({ mspId }));

/** As many more members without nodes, each with identities of its own. */
const clientsOf = (count: number): { mspId: string }[] => Array.from({ length: count }, (_, index) => ({ mspId: `Clinic${String(index + 1).padStart(2, '0')}` }));

export class BenchNetwork implements AsyncDisposable {
  readonly stateDir: string;
  /** The four members with nodes first. */
  readonly mspIds: readonly string[];
  readonly #pids: Readonly<Record<string, readonly number[]>>;

  private constructor(stateDir: string, mspIds: readonly string[], pids: Readonly<Record<string, readonly number[]>>) {
    this.stateDir = stateDir;
    this.mspIds = mspIds;
    this.#pids = pids;
  }

  /**
   * Brings a network up under a folder and deploys the benchmark's chaincode.
   * @param root everything of an earlier run under it is removed.
   * @param clients number of members beside the four that have nodes.
   * @param batchIntervalMs how long orderers collect a block.
   */
  static async start(root: string, consensus: Consensus, batchIntervalMs: number, clients = 0): Promise<BenchNetwork> {
    const stateDir = join(root, `${consensus}-${clients}`);
    const more = clientsOf(clients);
    await clean({ stateDir, confirm: true }).catch(() => undefined);
    await rm(stateDir, { recursive: true, force: true });
    await up({ stateDir, topology: parseTopology({ consensus, batchIntervalMs, organizations, ...(clients > 0 ? { clients: more } : {}) }) });
    await deploy({ stateDir, path: benchChaincode });
    const pids = { client: [process.pid], ...(await pidsOf(stateDir)) };
    return new BenchNetwork(stateDir, [...organizations, ...more].map(({ mspId }) => mspId), pids);
  }

  profileFile(mspId: string): string {
    return join(this.stateDir, 'profiles', `${mspId}.json`);
  }

  /** CPU time so far of all processes, this one too, by kind, ms. */
  cpu(): CpuByKind {
    return cpuByKind(this.#pids);
  }

  /** Resident memory of all processes by kind, bytes. */
  memory(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.entries(this.#pids).map(([kind, pids]) => [kind, pids.reduce((sum, pid) => sum + residentBytes(pid), 0)]));
  }

  /** Stops the network and removes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await clean({ stateDir: this.stateDir, confirm: true });
  }
}
