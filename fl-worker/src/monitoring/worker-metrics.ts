/** What a worker shows to Prometheus: rounds and stages from its state, which survives restarts, and events as they come. */
import type { WorkerConfig } from '../config.js';
import type { Facts } from '../progress.js';
import { workerStatus } from '../status.js';
import type { RoundReport } from '../state/round-log.js';
import { writePage } from './metrics-page.js';

const outcomes = ['final', 'failed', 'aborted'] as const;
const stages = ['training', 'keys', 'sealing', 'ledger', 'aggregation'] as const;

const tally = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
const samplesOf = (label: string, counts: ReadonlyMap<string, number>): { labels: Record<string, string>; value: number }[] =>
  [...counts].map(([key, value]) => ({ labels: { [label]: key }, value }));
const sum = (rounds: readonly RoundReport[], of: (round: RoundReport) => number): number => rounds.reduce((total, round) => total + of(round), 0);

/** Listens to a worker's events; `page` adds what its state holds. Names of events and codes only, never what an event says of data. */
export class WorkerMetrics {
  readonly #config: WorkerConfig;
  readonly #now: () => number;
  readonly #events = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  #due: number | undefined;
  #ended: number | undefined;

  /** @param now ms since 1970 UTC. */
  constructor(config: WorkerConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
  }

  /** Takes one event in. */
  observe(event: string, { code, due }: Facts = {}): void {
    tally(this.#events, event);
    if (typeof code === 'string') tally(this.#faults, code);
    if (event === 'round open') this.#due = typeof due === 'number' ? due : undefined;
    if (event === 'round ended') [this.#due, this.#ended] = [undefined, this.#now()];
  }

  /** The page as of now. @throws WorkerError CONFIG_INVALID. */
  async page(): Promise<string> {
    const { round, rounds } = await workerStatus(this.#config);
    const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);
    const { user, system } = process.cpuUsage();
    return writePage([
      { name: 'epione_worker_round', type: 'gauge', help: 'The round that the worker is or was last in, 0 before the first.', samples: [{ value: round }] },
      { name: 'epione_worker_rounds_total', type: 'counter', help: 'Rounds that have ended, by outcome.', samples: outcomes.map((outcome) => ({ labels: { outcome }, value: rounds.filter((entry) => entry.outcome === outcome).length })) },
      { name: 'epione_worker_stage_seconds_total', type: 'counter', help: 'Time that rounds took, by stage.', samples: stages.map((stage) => ({ labels: { stage }, value: sum(rounds, (entry) => entry[`${stage}Ms`]) / 1000 })) },
      { name: 'epione_worker_qkd_bits_total', type: 'counter', help: 'Bits of QKD key used up as sender.', samples: [{ value: sum(rounds, ({ qkdBits }) => qkdBits) }] },
      { name: 'epione_worker_round_due_timestamp_seconds', type: 'gauge', help: 'When the open round should have ended, seconds since 1970 UTC; absent between rounds.', samples: [{ value: seconds(this.#due) }] },
      { name: 'epione_worker_last_round_end_timestamp_seconds', type: 'gauge', help: 'When the last round ended, as this process saw it.', samples: [{ value: seconds(this.#ended) }] },
      { name: 'epione_worker_events_total', type: 'counter', help: 'Events since the start of the process, such as keys ready.', samples: samplesOf('event', this.#events) },
      { name: 'epione_worker_faults_total', type: 'counter', help: 'Events with a code since the start of the process, by code.', samples: samplesOf('code', this.#faults) },
      { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory of the process.', samples: [{ value: process.memoryUsage.rss() }] },
      { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time of the process.', samples: [{ value: (user + system) / 1e6 }] },
    ]);
  }
}
