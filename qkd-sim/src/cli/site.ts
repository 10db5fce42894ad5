/** The commands that make a site and run it. */
import type { Command } from 'commander';
import { readSiteConfig } from '../config.js';
import { logTo } from '../log.js';
import { startSite } from '../site/site.js';
import { readTopology, writeSiteConfigs } from '../site/topology.js';
import { command, print, printJson } from './command.js';

const run = async (file: string): Promise<void> => {
  const site = readSiteConfig(file);
  const log = logTo(process.stderr, site.site, () => Date.now());
  const running = await startSite(site, log, (error) => {
    log('site-failed', { reason: error.message });
    process.exit(1);
  });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { resolve(); });
  });
  await running.stop();
  log('site-stopped');
};

/** Declares the commands of a site. */
export const siteCommands = (program: Command): void => {
  command(program, 'init', 'Write configuration and keys of the sites of a topology.', 'qkd-sim init --topology topology.yaml --out sites')
    .requiredOption('--topology <file>', 'sites and links')
    .requiredOption('--out <folder>', 'where the folders of the sites go')
    .option('--json', 'print what was written as JSON')
    .action(async ({ topology, out, json }: { topology: string; out: string; json?: true }) => {
      const written = await writeSiteConfigs(readTopology(topology), out);
      if (json) printJson(written);
      else for (const site of written) print(`${site.configFile} ${site.url} ${site.links.map((link) => `${link.name} (${link.role})`).join(', ')}`);
    });

  command(program, 'run', 'Run a site until SIGTERM or SIGINT.', 'qkd-sim run --config sites/north/site.yaml')
    .requiredOption('--config <file>', 'the configuration of the site')
    .option('--json', 'no effect: events are JSON lines on stderr unless that is a terminal')
    .action(async ({ config }: { config: string }) => run(config));
};
