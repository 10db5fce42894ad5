/** The command that shows a running site, once or as it goes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { type SiteConfig, readSiteConfig } from '../config.js';
import type { LinkStatus } from '../kme/link-status.js';
import { askAdmin } from '../site/admin.js';
import type { SiteStatus } from '../site/site-status.js';
import { command, print, printJson } from './command.js';

const SAMPLES = 40;

/** One line of blocks, the highest for `top` and above. */
export const sparkline = (values: readonly number[], top: number): string =>
  values.map((value) => '▁▂▃▄▅▆▇█'[Math.min(7, Math.max(0, Math.floor((8 * value) / top)))]).join('');

const linkLines = (link: LinkStatus, history: readonly number[] | undefined): string[] => {
  const qber = link.qber === undefined ? '-' : `${(100 * link.qber).toFixed(2)} %`;
  const bell = link.chsh === undefined ? '' : `, S ${link.chsh.toFixed(3)}`;
  const rate = link.keyRateBps === undefined ? '-' : `${(link.keyRateBps / 1000).toFixed(0)} kb/s`;
  const reason = link.reason === undefined ? '' : `: ${link.reason}`;
  const line = `  ${link.name} (${link.role}) ${link.state}${reason}, QBER ${qber}${bell}, ${rate}, ${link.storedKeys} keys out, ${link.peerStoredKeys} in, ${link.blocks} blocks`;
  return history === undefined || history.length === 0 ? [line] : [line, `    QBER ${sparkline(history, link.maxQber)} limit ${(100 * link.maxQber).toFixed(1)} %`];
};

/** A site for people, with the error rates seen so far when there are any. */
export const statusLines = ({ site, kmeId, links }: SiteStatus, histories: ReadonlyMap<string, readonly number[]> = new Map()): string[] =>
  [`${site} (${kmeId})`, ...links.flatMap((link) => linkLines(link, histories.get(link.name)))];

const ask = async (site: SiteConfig): Promise<SiteStatus> => (await askAdmin(site, 'status')) as SiteStatus;

/** Shows a site until SIGINT or SIGTERM: drawn over itself on a terminal, otherwise one report after another. */
const watch = async (site: SiteConfig, periodMs: number, json: boolean): Promise<void> => {
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { stopped.abort(); });
  const histories = new Map<string, readonly number[]>();
  while (!stopped.signal.aborted) {
    const status = await ask(site);
    for (const { name, qber } of status.links) if (qber !== undefined) histories.set(name, [...(histories.get(name) ?? []), qber].slice(-SAMPLES));
    if (json) printJson(status);
    else print(`${process.stdout.isTTY ? '\u001b[H\u001b[J' : ''}${statusLines(status, histories).join('\n')}`);
    await sleep(periodMs, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
};

const seconds = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0.1 && value <= 3600)) throw new InvalidArgumentError('It must be a number of seconds, 0.1 to 3600.');
  return value;
};

/** Declares `qkd-sim status`. */
export const statusCommands = (program: Command): void => {
  command(program, 'status', 'Show the links of a running site.', 'qkd-sim status --config sites/north/site.yaml --watch')
    .requiredOption('--config <file>', 'the configuration of the site')
    .option('--watch', 'go on until SIGINT or SIGTERM')
    .option('--interval <seconds>', 'with --watch: between two looks', seconds, 1)
    .option('--json', 'print everything as JSON; with --watch one line a look')
    .action(async ({ config, watch: goOn, interval, json }: { config: string; watch?: true; interval: number; json?: true }) => {
      const site = readSiteConfig(config);
      if (goOn) return watch(site, 1000 * interval, json === true);
      const status = await ask(site);
      if (json) printJson(status);
      else for (const line of statusLines(status)) print(line);
    });
};
