/** The commands of a site before and beside `fl-worker run`: `init` and `status`. */
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { initialise } from '../site/enrolment.js';
import { mayReplaceRecord } from '../state/database.js';
import { statusTable, workerStatus } from '../status.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';
import { surroundings } from './surroundings.js';

/** Adds `init` and `status`. */
export function addSiteCommands(program: Command, print: Print): void {
  memberCommand(program, 'init', 'make keys and register this organization\'s record, or come back after its revocation; doing it again changes nothing')
    .action(async ({ config: path, json }: SiteOptions) => {
      const config = await readConfig(path);
      const { made, digest, registered, record } = await initialise(config, surroundings(config, json ?? false).random, () => mayReplaceRecord(config.state));
      const lines = [...made.map((file) => `made ${file}`), `record ${digest} of ${record.mspId}, version ${record.version}: registered ${registered}`];
      print(json, { mspId: record.mspId, record: digest, version: record.version, registered, made }, lines.join('\n'));
    });
  memberCommand(program, 'status', 'what the worker has done, round by round')
    .action(async ({ config, json }: SiteOptions) => {
      const found = await workerStatus(await readConfig(config));
      print(json, found, statusTable(found));
    });
}
