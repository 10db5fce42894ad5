/** What can be seen of every process without asking the ledger: its page of metrics and what the system says of it. */
import { readFileSync } from 'node:fs';
import { operations } from '../nodes/health.js';
import { nodesOf, type NetworkNode, type NodeKind } from '../nodes/nodes.js';
import { restartsOf, runningPid } from '../nodes/process.js';
import type { Network } from '../state.js';
import { readSamples, total } from './metrics-page.js';

/** One process. What it does not have, or does not tell now, is absent. */
export interface Vitals {
  readonly name: string;
  readonly kind: NodeKind;
  readonly mspId: string;
  readonly pid?: number;
  /** Since it was last stopped on purpose. */
  readonly restarts: number;
  readonly residentBytes?: number;
  /** Of the processor, since its start. */
  readonly cpuSeconds?: number;
  /** Blocks it holds. */
  readonly height?: number;
  /** Transactions that a peer has committed since its start, valid or not. */
  readonly transactions?: number;
  /** MSP ID of the leader that an orderer follows, and the number of its view. */
  readonly leader?: string;
  readonly view?: number;
}

type Load = Pick<Vitals, 'residentBytes' | 'cpuSeconds'>;

// Linux counts processor time in hundredths of a second for programs, whatever its own clock does.
const ticksPerSecond = 100;

/** What the system says of a process; nothing where it has no /proc, or the process has just ended. */
function loadOf(pid: number): Load {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name in parentheses: user and system time are fields 14 and 15, which is 11 and 12 from the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, ...(resident === undefined ? {} : { residentBytes: 1024 * Number(resident) }) };
  } catch {
    return {};
  }
}

type Told = Pick<Vitals, 'height' | 'transactions' | 'leader' | 'view'>;

function toldBy(network: Network, kind: NodeKind, page: string): Told {
  const samples = readSamples(page);
  const of = (name: string): number | undefined => total(samples, name, { channel: network.topology.channel });
  // Not consensus_BFT_leader_id: after a change of leader that one stands still until the next block.
  const leaderId = of('consensus_smartbft_view_leader_id');
  const leader = network.organizations.find(({ number }) => number === leaderId)?.mspId;
  const transactions = kind === 'peer' ? (of('ledger_transaction_count') ?? 0) : undefined;
  const all = { height: of('ledger_blockchain_height'), transactions, leader, view: of('consensus_smartbft_view_number') };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function vitalsOf(network: Network, { name, kind, organization, operationsPort }: NetworkNode): Promise<Vitals> {
  const pid = runningPid(network, name);
  const known = { name, kind, mspId: organization.mspId, restarts: restartsOf(network, name) };
  if (pid === undefined) return known;
  const page = operationsPort === undefined ? undefined : await operations(operationsPort, '/metrics');
  return { ...known, pid, ...loadOf(pid), ...(page === undefined ? {} : toldBy(network, kind, page)) };
}

/** The vitals of every process of a network. */
export async function vitals(network: Network): Promise<Vitals[]> {
  return Promise.all(nodesOf(network).map(async (node) => vitalsOf(network, node)));
}
