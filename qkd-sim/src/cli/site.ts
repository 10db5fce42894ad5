/** The commands of a site: init, run, status. */
import type { Command } from 'commander';
import { readSiteConfig } from '../config.js';
import { logTo } from '../log.js';
import { askAdmin } from '../site/admin.js';
import { type SiteStatus, startSite } from '../site/site.js';
import { readTopology, writeSiteConfigs } from '../site/topology.js';
import { command, print, printJson } from './command.js';

const statusLines = ({ site, kmeId, links }: SiteStatus): string[] => [
  `${site} (${kmeId})`,
  ...links.map((link) => {
    const qber = link.qber === undefined ? '-' : `${(100 * link.qber).toFixed(2)} %`;
    const rate = link.keyRateBps === undefined ? '-' : `${(link.keyRateBps / 1000).toFixed(0)} kb/s`;
    const reason = link.reason === undefined ? '' : `: ${link.reason}`;
    return `  ${link.name} (${link.role}) ${link.state}${reason}, QBER ${qber}, ${rate}, ${link.storedKeys} keys out, ${link.peerStoredKeys} in, ${link.blocks} blocks`;
  }),
];

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

  command(program, 'status', 'Show the links of a running site.', 'qkd-sim status --config sites/north/site.yaml --json')
    .requiredOption('--config <file>', 'the configuration of the site')
    .option('--json', 'print everything as JSON')
    .action(async ({ config, json }: { config: string; json?: true }) => {
      const status = (await askAdmin(readSiteConfig(config), 'status')) as SiteStatus;
      if (json) printJson(status);
      else for (const line of statusLines(status)) print(line);
    });
};
