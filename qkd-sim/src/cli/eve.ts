/** The command that switches Eve on and off. */
import type { Command } from 'commander';
import { readSiteConfig } from '../config.js';
import { askAdmin } from '../site/admin.js';
import { command, fraction, print, printJson } from './command.js';

/** Declares `qkd-sim eve`. */
export const eveCommands = (program: Command): void => {
  command(program, 'eve', 'Let Eve intercept and resend a share of the pulses of a link.', 'qkd-sim eve --config sites/north/site.yaml --link north-south --fraction 0.5')
    .requiredOption('--config <file>', 'the configuration of the site where Alice is')
    .requiredOption('--link <name>', 'the link')
    .requiredOption('--fraction <share>', 'share of the pulses, 0 to 1; 0 lets her go', fraction)
    .option('--json', 'print what was set as JSON')
    .action(async ({ config, link, fraction: interceptFraction, json }: { config: string; link: string; fraction: number; json?: true }) => {
      const set = await askAdmin(readSiteConfig(config), 'eve', { link, interceptFraction });
      if (json) printJson(set);
      else print(`${link}: Eve intercepts ${interceptFraction}`);
    });
};
