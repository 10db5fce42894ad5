/** A network of its own for a benchmark: brought up in a fresh folder, with the contracts and the baseline's beside them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clean, deploy, parseTopology, status, up, type Topology } from '@epione/network';
import type { CpuByKind } from './resources.js';
import { cpuByKind, residentBytes } from './resources.js';

/** Our contracts and the plainest put, in one chaincode. */
const benchChaincode = fileURLToPath(new URL('../../bench/chaincode', import.meta.url));

export type Consensus = Topology['consensus'];

const organizations = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'].map((mspId) => ({ mspId }));

export class BenchNetwork implements AsyncDisposable {
  readonly stateDir: string;
  readonly mspIds: readonly string[];
  readonly #pids: Readonly<Record<string, readonly number[]>>;

  private constructor(stateDir: string, mspIds: readonly string[], pids: Readonly<Record<string, readonly number[]>>) {
    this.stateDir = stateDir;
    this.mspIds = mspIds;
    this.#pids = pids;
  }

  /** Brings a network up under a folder and deploys the benchmark's chaincode. @param root everything of an earlier run under it is removed. */
  static async start(root: string, consensus: Consensus): Promise<BenchNetwork> {
    const stateDir = join(root, consensus);
    await clean({ stateDir, confirm: true }).catch(() => undefined);
    await rm(stateDir, { recursive: true, force: true });
    await up({ stateDir, topology: parseTopology({ consensus, organizations }) });
    await deploy({ stateDir, path: benchChaincode });
    const { processes } = await status({ stateDir });
    const pids: Record<string, number[]> = { client: [process.pid] };
    for (const { name, pid } of processes) (pids[name.split('.')[0] ?? name] ??= []).push(pid ?? 0);
    return new BenchNetwork(stateDir, organizations.map(({ mspId }) => mspId), pids);
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
