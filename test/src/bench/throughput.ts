/** Verified submissions against puts on one network: throughput, latency, CPU time and memory. */
import { openStudies, submissionArgument } from './studies.js';
import type { BenchNetwork, Consensus } from './bench-network.js';
import { against, figure, type Figure } from './figure.js';
import { load, type Load } from './load.js';
import type { Member } from './member.js';
import { cpuPer, type CpuByKind } from './resources.js';

/** How many transactions of a kind a run sends, by how many are in flight. */
const counts = { 1: 32, 32: 240, 100: 480 } as const;
type InFlight = keyof typeof counts;
/** Transactions of each kind before the first run: the runtime compiles what is called often, and a chaincode process lives for months. */
const warmUps = 600;
const levels = [1, 32, 100] as const satisfies InFlight[];

const kinds = ['put.100B', 'put.equalBytes', 'submit'] as const;
type Kind = (typeof kinds)[number];

interface Measurement extends Load {
  /** CPU time of each kind of process for one transaction, ms. */
  readonly cpu: CpuByKind;
}

/** Measurements of one run by kind and number in flight. */
type Run = Record<Kind, Record<InFlight, Measurement>>;

interface Job {
  readonly by: Member;
  readonly transaction: string;
  readonly argument: Uint8Array;
}

/** The submissions of a run, signed beforehand: signing is the hospital's work and not the ledger's. */
async function submissions(label: string, members: readonly Member[], wanted: number): Promise<Job[]> {
  const studies = await openStudies(label, Math.ceil(wanted / members.length), members, members);
  return studies.flatMap((study) => study.members.map((by) => ({ by, transaction: 'Round:submit', argument: submissionArgument(study, by) })));
}

async function measure(network: BenchNetwork, jobs: readonly Job[], inFlight: number): Promise<Measurement> {
  const before = network.cpu();
  const done = await load(jobs.map(({ by, transaction, argument }) => () => by.ledger.transact(transaction, argument)), inFlight);
  return { ...done, cpu: cpuPer(jobs.length, before, network.cpu()) };
}

async function run(network: BenchNetwork, members: readonly Member[], label: string): Promise<Run> {
  const signed = await submissions(label, members, levels.reduce((sum, level) => sum + counts[level], 0));
  const bytes = signed[0]?.argument.length ?? 0;
  const puts = (size: number, count: number): Job[] =>
    Array.from({ length: count }, (_, index) => ({ by: members[index % members.length] as Member, transaction: 'Bench:put', argument: Buffer.alloc(size, 'x') }));
  const result: Record<string, Record<number, Measurement>> = {};
  for (const inFlight of levels) {
    const count = counts[inFlight];
    const jobs: Record<Kind, () => Job[]> = { 'put.100B': () => puts(100, count), 'put.equalBytes': () => puts(bytes, count), submit: () => signed.splice(0, count) };
    for (const kind of kinds) (result[kind] ??= {})[inFlight] = await measure(network, jobs[kind](), inFlight);
  }
  return result as Run;
}

/** All figures of repetitions on one network. */
function figuresOf(runs: readonly Run[], consensus: Consensus, batchIntervalMs: number): Figure[] {
  const of = (kind: Kind, inFlight: InFlight, pick: (measured: Measurement) => number): number[] => runs.map((entry) => pick(entry[kind][inFlight]));
  const lines: Figure[] = [];
  const throughput = (measured: Measurement): number => measured.throughput;
  const cpu = (measured: Measurement): number => measured.cpu['total'] ?? 0;
  for (const baseline of ['put.equalBytes', 'put.100B'] as const) {
    lines.push(figure(`ledger.submit.throughput.${consensus}`, 'tx/s', of('submit', 100, throughput), baseline, of(baseline, 100, throughput)));
  }
  lines.push(against(`ledger.put.throughput.${consensus}`, 'tx/s', of('put.100B', 100, throughput), 140));
  lines.push(against(`ledger.put.cpuMs.${consensus}`, 'ms', of('put.100B', 100, cpu), 13));
  lines.push(figure(`ledger.submit.cpuMs.${consensus}`, 'ms', of('submit', 100, cpu), 'put.equalBytes', of('put.equalBytes', 100, cpu)));
  lines.push(figure(`ledger.submit.p50.${consensus}`, 'ms', of('submit', 1, ({ p50 }) => p50), 'batchInterval', [batchIntervalMs]));
  for (const inFlight of levels) {
    for (const name of ['p50', 'p95', 'p99'] as const) {
      const baseline = of('put.equalBytes', inFlight, (measured) => measured[name]);
      lines.push(figure(`ledger.submit.${name}.${inFlight}.${consensus}`, 'ms', of('submit', inFlight, (measured) => measured[name]), 'put.equalBytes', baseline));
    }
  }
  for (const kind of Object.keys(runs[0]?.['put.100B'][100].cpu ?? {}).filter((name) => name !== 'total')) {
    const share = (measured: Measurement): number => measured.cpu[kind] ?? 0;
    lines.push(figure(`ledger.put.cpuMs.${kind}.${consensus}`, 'ms', of('put.100B', 100, share), 'all processes', of('put.100B', 100, cpu)));
    lines.push(figure(`ledger.submit.cpuMs.${kind}.${consensus}`, 'ms', of('submit', 100, share), 'put.equalBytes', of('put.equalBytes', 100, share)));
  }
  return lines;
}

/** Measures `runs` times on one network, after a warm-up. @param batchIntervalMs the network's: what a lone transaction waits at the least. */
export async function throughputFigures(network: BenchNetwork, members: readonly Member[], consensus: Consensus, batchIntervalMs: number, runs: number): Promise<Figure[]> {
  const warmUp = Array.from({ length: warmUps }, (_, index) => ({ by: members[index % members.length] as Member, transaction: 'Bench:put', argument: Buffer.alloc(100, 'x') }));
  await measure(network, warmUp, 32);
  await measure(network, await submissions(`${consensus}-warm-up`, members, warmUps), 32);
  const done: Run[] = [];
  for (let index = 0; index < runs; index++) done.push(await run(network, members, `${consensus}-${index}`));
  const memory = Object.values(network.memory()).reduce((sum, bytes) => sum + bytes, 0);
  return [...figuresOf(done, consensus, batchIntervalMs), against(`ledger.memory.${consensus}`, 'MB', [memory / 1e6], 2000)];
}
