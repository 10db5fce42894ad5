/** Metrics of a network for Prometheus that no node tells by itself: who runs, restarts, certificates, disk. */
import { relative } from 'node:path';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { certificateStatus } from '../identities/certificates.js';
import { freeBytes } from '../nodes/start.js';
import type { NetworkOptions } from '../options.js';
import { openState, type Network } from '../state.js';
import { vitals, type Vitals } from './vitals.js';

/** Each gauge of processes, with what it shows of the vitals of one. */
const processGauges: readonly [name: string, help: string, of: (vitals: Vitals) => number | undefined][] = [
  ['epione_process_up', 'Whether the process runs, 0 or 1.', ({ pid }) => (pid === undefined ? 0 : 1)],
  ['epione_process_restarts', 'Starts after it had died, since it was last stopped on purpose.', ({ restarts }) => restarts],
  ['epione_process_resident_bytes', 'Memory of the process.', ({ residentBytes }) => residentBytes],
  ['epione_process_cpu_seconds', 'Processor time since the start of the process.', ({ cpuSeconds }) => cpuSeconds],
  ['epione_ledger_height', 'Blocks that the process holds.', ({ height }) => height],
];

async function setProcesses(network: Network, gauges: readonly Gauge[]): Promise<void> {
  for (const gauge of gauges) gauge.reset();
  for (const entry of await vitals(network)) {
    const labels = { process: entry.name, org: entry.mspId };
    processGauges.forEach(([, , of], index) => {
      const value = of(entry);
      if (value !== undefined) gauges[index]?.set(labels, value);
    });
  }
}

function setCertificates(network: Network, gauge: Gauge): void {
  gauge.reset();
  for (const { file, notAfter } of certificateStatus(network)) {
    const path = relative(network.dir, file);
    gauge.set({ org: path.split('/')[1] ?? '', certificate: path }, notAfter.getTime() / 1000);
  }
}

/** A page that looks at the network each time it is asked for. */
export function networkMetrics({ stateDir, topology }: NetworkOptions): () => Promise<string> {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const gauge = (name: string, help: string, labelNames: string[]): Gauge => new Gauge({ name, help, labelNames, registers: [register] });
  const processes = processGauges.map(([name, help]) => gauge(name, help, ['process', 'org']));
  const certificates = gauge('epione_certificate_expiry_timestamp_seconds', 'When a certificate ends, seconds since 1970 UTC.', ['org', 'certificate']);
  const disk = gauge('epione_disk_free_bytes', 'Room on the disk of the state folder.', []);
  return async () => {
    const network = openState(stateDir, topology);
    await setProcesses(network, processes);
    setCertificates(network, certificates);
    disk.set(freeBytes(network.dir));
    return register.metrics();
  };
}
