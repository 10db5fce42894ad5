/** The command `fl-worker run`. */
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig, type WorkerConfig } from '../config.js';
import { exitOfEnding, tellEnding } from '../exit.js';
import { runWorker } from '../run.js';
import type { Surroundings } from '../site/site.js';
import type { Print, SiteOptions } from './member-command.js';
import { surroundings } from './surroundings.js';

interface RunCommandOptions extends SiteOptions {
  readonly stopOnAbort?: boolean;
  readonly metricsPort?: number;
}

function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return Number(text);
}

async function work(config: WorkerConfig, around: Surroundings, { json, stopOnAbort }: RunCommandOptions, print: Print): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => { stop.abort(); });
  const ending = await runWorker(config, around, { signal: stop.signal, stopOnAbort: stopOnAbort ?? false });
  print(json, { mspId: config.mspId, ...ending }, tellEnding(ending));
  process.exitCode = exitOfEnding(ending);
}

async function run(options: RunCommandOptions, print: Print): Promise<void> {
  const config = await readConfig(options.config);
  const around = surroundings(config, options.json ?? false);
  if (options.metricsPort === undefined) {
    await work(config, around, options, print);
    return;
  }
  const [{ serveMetrics }, { WorkerMetrics }] = await Promise.all([import('../monitoring/metrics-server.js'), import('../monitoring/worker-metrics.js')]);
  const metrics = new WorkerMetrics(config, Date.now);
  await using server = await serveMetrics(options.metricsPort, async () => metrics.page());
  around.report('metrics', { url: `http://127.0.0.1:${server.port}/metrics` });
  await work(config, { ...around, report: (event, facts) => { metrics.observe(event, facts); around.report(event, facts); } }, options, print);
}

/** Adds `run`. */
export function addRunCommand(program: Command, print: Print): void {
  program.command('run').description('take part in the study until its last round; continues where it was killed')
    .requiredOption('--config <file>', 'configuration, YAML')
    .option('--json', 'JSON on stdout, JSON lines on stderr')
    .option('--stop-on-abort', 'end with exit code 3 after a round without a model')
    .option('--metrics-port <n>', 'serve metrics for Prometheus on this loopback port, 0 for a free one', port)
    .action((options: RunCommandOptions) => run(options, print));
}
