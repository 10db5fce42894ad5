/** Our side of the totals: four organizations on a real network with key servers, each with rows, each worker a process of its own. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RoundReport, WorkerStatus } from '@epione/fl-worker';
import { stringify } from 'yaml';
import { command, programs } from '../../study/command.js';
import { Consortium, organizations, Places } from '../../study/consortium.js';
import { divideData, type StudyData } from '../../study/data.js';
import { withPeakMemory } from './peak-memory.js';
import { models, rounds, seed, templateOf, type ModelName } from './tasks.js';

/** What a run of a study took. */
export interface Total {
  readonly seconds: number;
  readonly peakMb: number;
}

/** What a run of ours took. */
export interface OurTotal extends Total {
  /** Milliseconds of each round that the slowest site waited for its transactions and questions; and for keys and sealing. */
  readonly ledgerMs: readonly number[];
  readonly keysAndSealingMs: readonly number[];
}

export class Federation implements AsyncDisposable {
  readonly #consortium: Consortium;
  /** The rows of the four. */
  readonly data: StudyData;
  #studies = 0;

  private constructor(consortium: Consortium) {
    this.#consortium = consortium;
    this.data = divideData(join(consortium.runFolder, 'data'), organizations, seed);
  }

  /** Brings the network and the key servers up and enrols the workers. @param batchIntervalMs how long orderers collect a block. @param root folder of all state; what is in it is removed, now and at the end. */
  static async start(root: string, batchIntervalMs: number): Promise<Federation> {
    const places = new Places(root);
    await command('fl-network', ['clean', '--confirm', '--state', places.network]).catch(() => undefined);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const consortium = new Consortium(places, 'bench');
    const federation = new Federation(consortium);
    try {
      const topology = join(root, 'topology.yaml');
      writeFileSync(topology, stringify({ batchIntervalMs, organizations: organizations.map((mspId) => ({ mspId })) }));
      await consortium.startNetwork(topology);
      await consortium.startKeyServers();
      await federation.#configure();
      await Promise.all(organizations.map((organization) => command('fl-worker', ['init', '--config', places.workerConfig(organization)])));
      return federation;
    } catch (error) {
      await federation[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #configure(study?: string): Promise<void> {
    for (const organization of organizations) await this.#consortium.configureWorker(organization, { seed, data: this.data, ...(study === undefined ? {} : { study }) });
  }

  /** Registers, approves and opens a study of all four. @returns its digest. */
  async #agree(model: ModelName): Promise<string> {
    const { places, runFolder } = this.#consortium;
    const at = (organization: string): string[] => ['--config', places.workerConfig(organization)];
    const [first] = organizations;
    const name = `bench-${model}-${++this.#studies}`;
    const file = join(runFolder, `${name}.yaml`);
    writeFileSync(file, stringify(templateOf(model, name)));
    if (models[model].length > 0) {
      const { initial } = await command<{ initial: `sha256:${string}` }>('fl-worker', ['study', 'draw-initial', file, '--seed', seed, ...at(first)]);
      writeFileSync(file, stringify(templateOf(model, name, initial)));
    }
    const { study } = await command<{ study: string }>('fl-worker', ['study', 'register', file, ...at(first), '--participants', ...organizations, '--aggregators', ...organizations]);
    await Promise.all(organizations.map((organization) => command('fl-worker', ['study', 'approve', study, ...at(organization)])));
    await command('fl-worker', ['study', 'open', study, ...at(first)]);
    return study;
  }

  /** Runs a study of one model from the start of the four worker processes until the last of them has ended. @throws Error when one ends otherwise than done. */
  async run(model: ModelName): Promise<OurTotal> {
    await this.#configure(await this.#agree(model));
    const { result: seconds, peakMb } = await withPeakMemory(programs['fl-worker'], async () => {
      const begun = performance.now();
      this.#consortium.startWorkers();
      const codes = await this.#consortium.workersDone();
      const broken = Object.entries(codes).filter(([, code]) => code !== 0);
      if (broken.length > 0) throw new Error(`${broken.map(([site, code]) => `the worker of ${site} ended with exit code ${code}`).join('; ')}; logs: ${join(this.#consortium.runFolder, 'logs')}`);
      return (performance.now() - begun) / 1000;
    });
    const { places } = this.#consortium;
    const statuses = await Promise.all(organizations.map((organization) => command<WorkerStatus>('fl-worker', ['status', '--config', places.workerConfig(organization)])));
    const slowest = (took: (report: RoundReport) => number): number[] => Array.from({ length: rounds }, (_, at) => Math.max(...statuses.flatMap((status) => status.rounds.filter(({ round }) => round === at + 1).map(took))));
    return { seconds, peakMb, ledgerMs: slowest(({ ledgerMs }) => ledgerMs), keysAndSealingMs: slowest(({ keysMs, sealingMs }) => keysMs + sealingMs) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consortium.stop();
    const { network, root } = this.#consortium.places;
    await command('fl-network', ['clean', '--confirm', '--state', network]);
    rmSync(root, { recursive: true, force: true });
  }
}
