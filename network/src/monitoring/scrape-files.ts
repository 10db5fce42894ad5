/** Files for Prometheus and Grafana: what to scrape here, when to alert, what to draw. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { nodesOf } from '../nodes/nodes.js';
import type { Network } from '../state.js';

/** The alert rules and the dashboard that ship with this package. */
export const alertRulesFile = fileURLToPath(new URL('../../monitoring/alert-rules.yml', import.meta.url));
export const dashboardFile = fileURLToPath(new URL('../../monitoring/dashboard.json', import.meta.url));

/** Where a service of an organization serves metrics. */
export interface Target {
  readonly mspId: string;
  /** `host:port`. */
  readonly address: string;
}

/** Our own processes, which the network's state does not know. */
export interface OwnTargets {
  /** `host:port` of `up --supervise --metrics-port`. */
  readonly supervisor?: string;
  readonly workers: readonly Target[];
  readonly keyServers: readonly Target[];
}

/** One entry of Prometheus' file_sd format. */
interface Entry {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Fabric's own pages of a network. */
export function fabricTargets(network: Network): Entry[] {
  return nodesOf(network).flatMap(({ name, kind, organization, operationsPort }) =>
    operationsPort === undefined ? [] : [{ targets: [`127.0.0.1:${operationsPort}`], labels: { org: organization.mspId, kind, process: name } }]);
}

function ownTargets({ supervisor, workers, keyServers }: OwnTargets): Entry[] {
  const entries = (kind: string, targets: readonly Target[]): Entry[] => targets.map(({ mspId, address }) => ({ targets: [address], labels: { org: mspId, kind } }));
  const network = supervisor === undefined ? [] : [{ targets: [supervisor], labels: { kind: 'network' } }];
  return [...network, ...entries('worker', workers), ...entries('key-server', keyServers)];
}

/** Writes the files into a folder, over those of an earlier time. Returns their paths. */
export function writeScrapeFiles(network: Network, output: string, own: OwnTargets): string[] {
  const dir = resolve(output);
  mkdirSync(join(dir, 'targets'), { recursive: true });
  const at = (...path: string[]): string => join(dir, ...path);
  const job = (name: string): object => ({ job_name: name, file_sd_configs: [{ files: [`targets/${name}.json`] }] });
  // Readable by all, because Prometheus runs as a user of its own; there is nothing secret in them.
  const put = (name: string, entries: readonly Entry[]): void => {
    writeFileSync(at('targets', `${name}.json`), `${JSON.stringify(entries, null, 2)}\n`);
  };
  const prometheus = { global: { scrape_interval: '5s', evaluation_interval: '5s' }, rule_files: ['alert-rules.yml'], scrape_configs: [job('fabric'), job('epione')] };
  writeFileSync(at('prometheus.yml'), stringify(prometheus));
  put('fabric', fabricTargets(network));
  put('epione', ownTargets(own));
  copyFileSync(alertRulesFile, at('alert-rules.yml'));
  copyFileSync(dashboardFile, at('dashboard.json'));
  return ['prometheus.yml', 'alert-rules.yml', 'dashboard.json', 'targets/fabric.json', 'targets/epione.json'].map((file) => at(file));
}
