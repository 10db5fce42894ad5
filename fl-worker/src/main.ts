/** The command line fl-worker: a table of commands; results on stdout, events and errors on stderr. */
import { randomBytes } from 'node:crypto';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { readConfig, type WorkerConfig } from './config.js';
import { examine, findingsTable } from './doctor/doctor.js';
import { exitCodeOf, explain, exitOfEnding, tellEnding } from './exit.js';
import { serveMetrics } from './monitoring/metrics-server.js';
import { WorkerMetrics } from './monitoring/worker-metrics.js';
import { reportTo } from './progress.js';
import { runWorker } from './run.js';
import { initialise } from './site/enrolment.js';
import { statusTable, workerStatus } from './status.js';
import { mayReplaceRecord } from './state/database.js';
import { addConsentCommands } from './cli/consent-commands.js';
import { addContributionCommand } from './cli/contribution-command.js';
import { addCosignCommand } from './cli/cosign-command.js';
import { addKeyCommands } from './cli/key-commands.js';
import { addMetricsCommand } from './cli/metrics-command.js';
import { addQuantumCommands } from './cli/quantum-commands.js';
import { addRevokeCommand } from './cli/revoke-command.js';
import { addSimulateCommand } from './cli/simulate-command.js';
import { addServiceCommands } from './cli/service-commands.js';
import { addSupportCommand } from './cli/support-command.js';
import { addStudyCommands } from './cli/study-commands.js';
import type { Surroundings } from './site/site.js';

const example = `Example:
  $ fl-worker init --config worker.yaml && fl-worker run --config worker.yaml

A worker.yaml:
  mspId: HospitalA
  profile: /etc/epione/HospitalA.json      # from the network operator
  state: /var/lib/epione                   # keys, outbox, blobs
  study: sha256:…                          # or the study's file
  data: { train: rows.csv, idColumn: id }  # left out by an organization that only aggregates
  kme: { url: https://kme:8443, saeId: sae-hospitala, certificate: sae.pem, privateKey: sae.key, ca: qkd-ca.pem }
  blobServer: { host: 0.0.0.0, port: 7443, publicUrl: https://epione.hospital-a:7443, certificate: site.pem, privateKey: site.key, ca: members.pem }
  seed: any text                           # fixes the order of rows

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by policy, 4 not authorised.
`;

interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly stopOnAbort?: boolean;
  readonly metricsPort?: number;
}

function surroundings(config: WorkerConfig, json: boolean): Surroundings {
  const report = reportTo(process.stderr, process.stderr.isTTY && !json, { mspId: config.mspId }, Date.now);
  return { now: Date.now, elapsed: () => performance.now(), random: (length) => new Uint8Array(randomBytes(length)), report };
}

const print = (json: boolean | undefined, value: object, text: string): void => {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text}\n`);
};

async function init({ config: path, json }: Options): Promise<void> {
  const config = await readConfig(path);
  const { made, digest, registered, record } = await initialise(config, surroundings(config, json ?? false).random, () => mayReplaceRecord(config.state));
  const lines = [...made.map((file) => `made ${file}`), `record ${digest} of ${record.mspId}, version ${record.version}: registered ${registered}`];
  print(json, { mspId: record.mspId, record: digest, version: record.version, registered, made }, lines.join('\n'));
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return Number(text);
}

async function run(options: Options): Promise<void> {
  const config = await readConfig(options.config);
  const around = surroundings(config, options.json ?? false);
  if (options.metricsPort === undefined) {
    await work(config, around, options);
    return;
  }
  const metrics = new WorkerMetrics(config, Date.now);
  await using server = await serveMetrics(options.metricsPort, async () => metrics.page());
  around.report('metrics', { url: `http://127.0.0.1:${server.port}/metrics` });
  await work(config, { ...around, report: (event, facts) => { metrics.observe(event, facts); around.report(event, facts); } }, options);
}

async function work(config: WorkerConfig, around: Surroundings, { json, stopOnAbort }: Options): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { stop.abort(); });
  const ending = await runWorker(config, around, { signal: stop.signal, stopOnAbort: stopOnAbort ?? false });
  print(json, { mspId: config.mspId, ...ending }, tellEnding(ending));
  process.exitCode = exitOfEnding(ending);
}

async function status({ config: path, json }: Options): Promise<void> {
  const found = await workerStatus(await readConfig(path));
  print(json, found, statusTable(found));
}

async function doctor({ config: path, json }: Options): Promise<void> {
  const findings = await examine(await readConfig(path), { now: Date.now, elapsed: () => performance.now(), proxyEnv: process.env });
  print(json, findings, findingsTable(findings));
  if (findings.some(({ level }) => level === 'fault')) process.exitCode = 1;
}

const program = new Command('fl-worker')
  .description('Takes part in federated studies beside a hospital\'s data.')
  .addHelpText('beforeAll', example)
  .exitOverride()
  .configureOutput({ writeErr: () => undefined }); // errors are told once, in catch

const commands: [name: string, description: string, action: (options: Options) => Promise<void>][] = [
  ['init', 'make keys and register this organization\'s record, or come back after its revocation; doing it again changes nothing', init],
  ['run', 'take part in the study until its last round; continues where it was killed', run],
  ['status', 'what the worker has done, round by round', status],
  ['doctor', 'name what keeps the worker from working: firewall, proxy, DNS, clock, certificates, key server, disk, memory, engine, data; exit code 1 on a fault', doctor],
];
for (const [name, description, action] of commands) {
  const command = program.command(name).description(description).requiredOption('--config <file>', 'configuration, YAML').option('--json', 'JSON on stdout, JSON lines on stderr');
  if (name === 'run') {
    command
      .option('--stop-on-abort', 'end with exit code 3 after a round without a model')
      .option('--metrics-port <n>', 'serve metrics for Prometheus on this loopback port, 0 for a free one', port);
  }
  command.action(action);
}
addRevokeCommand(program, print);
addKeyCommands(program, print);
addMetricsCommand(program, print);
addServiceCommands(program, print);
addSupportCommand(program, print);
addStudyCommands(program, print);
addConsentCommands(program, print);
addQuantumCommands(program, print);
addCosignCommand(program, print);
addSimulateCommand(program, print);
addContributionCommand(program, print);

process.umask(0o077); // whatever this program writes is for its owner
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) {
    const json = process.argv.includes('--json') || !process.stderr.isTTY;
    process.stderr.write(`${json ? JSON.stringify({ event: 'error', ...explain(error) }) : sentence(explain(error))}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

function sentence({ code, message, remedy }: ReturnType<typeof explain>): string {
  return `error ${code}: ${message}${remedy === undefined ? '' : `\n${remedy}`}`;
}
