/** The command line: qkd-sim init, run, status, eve. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { QkdError } from './error.js';
import { askAdmin } from './site/admin.js';
import { readSiteConfig } from './config.js';
import { logTo } from './log.js';
import { type SiteStatus, startSite } from './site/site.js';
import { readTopology, writeSiteConfigs } from './site/topology.js';

const print = (text: string): void => { process.stdout.write(`${text}\n`); };
const printJson = (value: unknown): void => { print(JSON.stringify(value)); };

const fraction = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
};

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

const program = new Command('qkd-sim')
  .description('An emulated quantum link and its ETSI GS QKD 014 key server, one process a site.')
  .addHelpText('before', 'Example: qkd-sim init --topology topology.yaml --out sites && qkd-sim run --config sites/north/site.yaml\n')
  .addHelpText('before', 'Example: qkd-sim init --topology topology.yaml --out sites && qkd-sim run --config sites/north/site.yaml\n')
  .helpCommand(false)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

/** A command whose help starts with an example. */
const command = (name: string, description: string, example: string): Command =>
  program.command(name).description(description).addHelpText('before', `Example: ${example}\n`).exitOverride();

command('init', 'Write configuration and keys of the sites of a topology.', 'qkd-sim init --topology topology.yaml --out sites')
  .requiredOption('--topology <file>', 'sites and links')
  .requiredOption('--out <folder>', 'where the folders of the sites go')
  .option('--json', 'print what was written as JSON')
  .action(async ({ topology, out, json }: { topology: string; out: string; json?: true }) => {
    const written = await writeSiteConfigs(readTopology(topology), out);
    if (json) printJson(written);
    else for (const site of written) print(`${site.configFile} ${site.url} ${site.links.map((link) => `${link.name} (${link.role})`).join(', ')}`);
  });

command('run', 'Run a site until SIGTERM or SIGINT.', 'qkd-sim run --config sites/north/site.yaml')
  .requiredOption('--config <file>', 'the configuration of the site')
  .option('--json', 'no effect: events are JSON lines on stderr unless that is a terminal')
  .action(async ({ config }: { config: string }) => run(config));

command('status', 'Show the links of a running site.', 'qkd-sim status --config sites/north/site.yaml --json')
  .requiredOption('--config <file>', 'the configuration of the site')
  .option('--json', 'print everything as JSON')
  .action(async ({ config, json }: { config: string; json?: true }) => {
    const status = (await askAdmin(readSiteConfig(config), 'status')) as SiteStatus;
    if (json) printJson(status);
    else for (const line of statusLines(status)) print(line);
  });

command('eve', 'Let Eve intercept and resend a share of the pulses of a link.', 'qkd-sim eve --config sites/north/site.yaml --link north-south --fraction 0.5')
  .requiredOption('--config <file>', 'the configuration of the site where Alice is')
  .requiredOption('--link <name>', 'the link')
  .requiredOption('--fraction <share>', 'share of the pulses, 0 to 1; 0 lets her go', fraction)
  .option('--json', 'print what was set as JSON')
  .action(async ({ config, link, fraction: interceptFraction, json }: { config: string; link: string; fraction: number; json?: true }) => {
    const set = await askAdmin(readSiteConfig(config), 'eve', { link, interceptFraction });
    if (json) printJson(set);
    else print(`${link}: Eve intercepts ${interceptFraction}`);
  });

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  } else if (thrown instanceof QkdError) {
    process.stderr.write(`${thrown.code}: ${thrown.message}${thrown.remedy === undefined ? '' : `\n${thrown.remedy}`}\n`);
    process.exitCode = thrown.code === 'USAGE' || thrown.code === 'CONFIG' ? 2 : 1;
  } else {
    throw thrown;
  }
}
