/** The command that prepares Prometheus and Grafana. */
import { InvalidArgumentError, type Command } from 'commander';
import { writeScrapeFiles, type Target } from '../monitoring/scrape-files.js';
import { openState } from '../state.js';
import { command, exit, print } from './command.js';

interface Flags {
  readonly output?: string;
  readonly supervisor?: string;
  readonly worker?: readonly Target[];
  readonly keyServer?: readonly Target[];
}

const addressForm = /^[A-Za-z0-9.-]+:\d{1,5}$/;

function address(text: string): string {
  if (!addressForm.test(text)) throw new InvalidArgumentError('It must be host:port.');
  return text;
}

function target(text: string, before: readonly Target[] = []): readonly Target[] {
  const [mspId = '', at = '', ...rest] = text.split('=');
  if (mspId === '' || rest.length > 0 || !addressForm.test(at)) throw new InvalidArgumentError('It must be MSPID=host:port.');
  return [...before, { mspId, address: at }];
}

/** Declares the command. */
export function monitoringCommands(program: Command): void {
  command<Flags>(program, 'monitoring', 'write files for Prometheus and Grafana: scrape targets, alert rules, a dashboard', 'fl-network monitoring --output monitoring --supervisor 127.0.0.1:9460', async (options, flags, json) => {
    const files = writeScrapeFiles(openState(options.stateDir, options.topology), flags.output ?? 'monitoring', {
      ...(flags.supervisor === undefined ? {} : { supervisor: flags.supervisor }),
      workers: flags.worker ?? [],
      keyServers: flags.keyServer ?? [],
    });
    print(json, { files }, `${files.join('\n')}\nStart Prometheus with --config.file=${files[0] ?? ''}; import dashboard.json in Grafana.`);
    return Promise.resolve(exit.done);
  })
    .option('--output <dir>', 'folder to write to', 'monitoring')
    .option('--supervisor <host:port>', 'metrics of fl-network up --supervise --metrics-port', address)
    .option('--worker <MSPID=host:port>', 'metrics of a fl-worker run --metrics-port; repeat for each', target)
    .option('--key-server <MSPID=host:port>', 'adminPort of a qkd-sim site; repeat for each', target);
}
