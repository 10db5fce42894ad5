/** The commands of whoever sets a worker up: check the operator's kit, print the unit of the service. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig } from '../config.js';
import { findingsTable } from '../doctor/doctor.js';
import { checkKit } from '../doctor/kit.js';
import { serviceUnit, unitName } from '../service.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';

const program = fileURLToPath(new URL('../../bin/fl-worker.mjs', import.meta.url));

function userName(text: string): string {
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(text)) throw new InvalidArgumentError('It must be the name of a user.');
  return text;
}

/** Adds `kit check` and `service`. */
export function addServiceCommands(root: Command, print: Print): void {
  const kit = root.command('kit').description('the start-up kit that the network\'s operator made').addHelpText('before', 'Example:\n  $ fl-worker kit check HospitalA\n');
  kit.command('check <folder>')
    .description('name every file that is not as the operator made it, before anything is filled in; exit code 1 on a fault')
    .addHelpText('before', 'Example:\n  $ fl-worker kit check HospitalA\n')
    .option('--json', 'JSON on stdout')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const { digest, findings } = await checkKit(resolve(folder), Date.now);
      print(json, { digest, findings }, `${findingsTable(findings)}\nSHA-256 of SHA256SUMS, to be compared with what the operator tells: ${digest}`);
      if (findings.some(({ level }) => level === 'fault')) process.exitCode = 1;
    });
  memberCommand(root, 'service', `print the systemd unit of the worker, ${unitName}, hardened, with the limits of the configuration`)
    .addHelpText('before', 'Example:\n  $ fl-worker service --config worker.yaml --user epione | sudo tee /etc/systemd/system/epione-worker.service\n')
    .requiredOption('--user <name>', 'who the worker runs as', userName)
    .action(async ({ config: path, user, json }: SiteOptions & { user: string }) => {
      const config = await readConfig(path);
      await mkdir(config.state, { recursive: true, mode: 0o700 }); // systemd opens no way to a folder that is not there
      const unit = serviceUnit(config, { configFile: resolve(path), user, node: process.execPath, program });
      print(json, { name: unitName, unit }, unit.trimEnd());
    });
}
