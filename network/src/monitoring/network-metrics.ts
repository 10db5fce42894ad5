/** Metrics of a network for Prometheus that no node tells by itself: who runs, restarts, certificates, disk. */
import { relative, sep } from 'node:path';
import { certificateStatus } from '../identities/certificates.js';
import { freeBytes } from '../nodes/start.js';
import type { NetworkOptions } from '../options.js';
import { openState, type Network } from '../state.js';
import { writePage, type Metric } from './metrics-page.js';
import { vitals, type Vitals } from './vitals.js';

/** Each metric of processes, with what it shows of the vitals of one. */
const ofProcesses: readonly (Omit<Metric, 'samples'> & { readonly of: (vitals: Vitals) => number | undefined })[] = [
  { name: 'epione_process_up', type: 'gauge', help: 'Whether the process runs, 0 or 1.', of: ({ pid }) => (pid === undefined ? 0 : 1) },
  { name: 'epione_process_restarts_total', type: 'counter', help: 'Starts after it had died, since it was last stopped on purpose.', of: ({ restarts }) => restarts },
  { name: 'epione_process_resident_bytes', type: 'gauge', help: 'Memory of the process.', of: ({ residentBytes }) => residentBytes },
  { name: 'epione_process_cpu_seconds_total', type: 'counter', help: 'Processor time of the process.', of: ({ cpuSeconds }) => cpuSeconds },
  { name: 'epione_ledger_height', type: 'gauge', help: 'Blocks that the process holds.', of: ({ height }) => height },
];

function certificates(network: Network): Metric {
  const samples = certificateStatus(network).map(({ file, notAfter }) => {
    const certificate = relative(network.dir, file);
    return { labels: { org: certificate.split(sep)[1] ?? '', certificate }, value: notAfter.getTime() / 1000 };
  });
  return { name: 'epione_certificate_expiry_timestamp_seconds', type: 'gauge', help: 'When a certificate ends, seconds since 1970 UTC.', samples };
}

/**
 * The page of a network as it is now.
 * @throws {NetworkError} STATE_MISSING
 */
export async function networkMetrics({ stateDir, topology }: NetworkOptions): Promise<string> {
  const network = openState(stateDir, topology);
  const all = await vitals(network);
  return writePage([
    ...ofProcesses.map(({ of, ...metric }) => ({ ...metric, samples: all.map((entry) => ({ labels: { process: entry.name, org: entry.mspId }, value: of(entry) })) })),
    certificates(network),
    { name: 'epione_disk_free_bytes', type: 'gauge', help: 'Room on the disk of the state folder.', samples: [{ value: freeBytes(network.dir) }] },
  ]);
}
