/** The commands for a site in trouble: let a link try again, and try out what happens when the random source fails. */
import { Argument, type Command } from 'commander';
import { readSiteConfig } from '../config.js';
import { type SourceFault, sourceFaults } from '../randomness/quantum-source.js';
import { askAdmin } from '../site/admin.js';
import { command, print, printJson } from './command.js';

/** Declares `qkd-sim resume` and `qkd-sim randomness`. */
export const recoveryCommands = (program: Command): void => {
  command(program, 'resume', 'Let a link try one block more when its authentication key is at its floor; at both ends.', 'qkd-sim resume --config sites/north/site.yaml --link north-south')
    .requiredOption('--config <file>', 'the configuration of the site')
    .requiredOption('--link <name>', 'the link')
    .option('--json', 'print the link as JSON')
    .action(async ({ config, link, json }: { config: string; link: string; json?: true }) => {
      const resumed = await askAdmin(readSiteConfig(config), 'resume', { link });
      if (json) printJson(resumed);
      else print(`${link}: may try again`);
    });

  command(program, 'randomness', 'Break the emulated random source of a site, or mend it; a failure lasts until the site is restarted.', 'qkd-sim randomness --config sites/north/site.yaml stuck')
    .addArgument(new Argument('<fault>', 'what is wrong with the source').choices(sourceFaults))
    .requiredOption('--config <file>', 'the configuration of the site')
    .option('--json', 'print what was set as JSON')
    .action(async (fault: SourceFault, { config, json }: { config: string; json?: true }) => {
      const set = await askAdmin(readSiteConfig(config), 'randomness', { fault });
      if (json) printJson(set);
      else print(`fault of the random source: ${fault}`);
    });
};
