/** The command that runs one link alone: blocks made between its two halves over real sockets, without a key server. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type SiteConfig, readSiteConfig } from '../config.js';
import { entropy } from '../distillation/finite-key.js';
import { QkdError } from '../error.js';
import type { LinkReport } from '../link/half-messages.js';
import { type ThreadListener, startThreads } from '../site/threads.js';
import { writeSiteConfigs } from '../site/topology.js';
import { command, fraction, print, printJson } from './command.js';

/** One block, or why there is none. Ratios are 0 to 1. */
export interface BlockRow {
  readonly block: number;
  readonly qber?: number | undefined;
  /** S of Bell's inequality, of entangled photons. */
  readonly chsh?: number | undefined;
  readonly siftedBits?: number;
  readonly disclosedBits?: number;
  /** Bits disclosed by error correction for each bit that theory demands. */
  readonly efficiency?: number;
  readonly keyBits?: number;
  readonly linkSeconds?: number;
  readonly keyRateBps?: number;
  /** How long it took here. */
  readonly wallMs: number;
  readonly failure?: string;
}

interface LinkOptions {
  readonly profile: string;
  readonly blocks: number;
  readonly seed?: string;
  readonly interceptResend?: number;
}

/** The configurations of two sites and the link between them, in a folder of their own. */
const twoSites = async (folder: string, profile: string, seed: string | undefined): Promise<SiteConfig[]> => {
  const tls = { certificateFile: '-', privateKeyFile: '-', caFile: '-' };
  const sites = ['alice', 'bob'].map((site) => ({ site, kmeId: `kme-${site}`, saeIds: [`sae-${site}`], tls }));
  const written = await writeSiteConfigs({ sites, profile }, folder);
  return written.map(({ configFile }) => readSiteConfig(configFile)).map((site) =>
    seed === undefined || site.site !== 'alice' ? site : { ...site, links: site.links.map((link) => ({ ...link, opticsSeed: seed })) });
};

const rowOf = (block: number, report: LinkReport, wallMs: number): BlockRow => {
  if (report.kind === 'made') {
    const { keyBytes, stats: { qber, chsh, siftedBits, disclosedBits, linkSeconds } } = report.block;
    const keyBits = 8 * keyBytes;
    return { block, qber, ...(chsh !== undefined && { chsh }), siftedBits, disclosedBits, efficiency: disclosedBits / (siftedBits * entropy(qber)), keyBits, linkSeconds, keyRateBps: keyBits / linkSeconds, wallMs };
  }
  if (report.kind === 'failed') return { block, qber: report.qber, wallMs, failure: report.reason };
  return { block, wallMs, failure: report.kind === 'unreachable' ? report.reason : report.kind };
};

/** Makes blocks one after another. @param made called after each */
export const runLink = async ({ profile, blocks, seed, interceptResend }: LinkOptions, made: (row: BlockRow) => void): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'qkd-link-'));
  try {
    const [alice, bob] = await twoSites(folder, profile, seed);
    const name = alice?.links[0]?.name;
    if (alice === undefined || bob === undefined || name === undefined) throw new RangeError('two sites have one link');
    let take: (report: LinkReport) => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    const listener = (report: (report: LinkReport) => void): ThreadListener =>
      ({ report, sourceFailed: (reason) => { fail(new Error(reason)); }, failed: (error) => { fail(error); } });
    const seedOf = (site: string): Uint8Array | undefined => (seed === undefined ? undefined : createHash('sha256').update(`${site} ${seed}`).digest());
    const bobs = await startThreads(bob, listener(() => undefined), seedOf('bob'));
    const alices = await startThreads(alice, listener((report) => { if (report.kind !== 'begun') take(report); }), seedOf('alice'));
    try {
      if (interceptResend !== undefined) await alices.setEve(name, { attack: 'intercept-resend', fraction: interceptResend });
      for (let block = 0; block < blocks; block++) {
        const begun = performance.now();
        const report = await new Promise<LinkReport>((resolve, reject) => {
          [take, fail] = [resolve, reject];
          alices.ask({ kind: 'make', link: name, split: 'both' });
        });
        made(rowOf(block, report, performance.now() - begun));
      }
    } finally {
      await Promise.all([bobs.stop(), alices.stop()]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const cells = ({ block, qber, chsh, siftedBits, efficiency, keyBits, linkSeconds, keyRateBps, wallMs, failure }: BlockRow): string => {
  const number = (value: number | undefined, digits: number, width: number): string => (value === undefined ? '-' : value.toFixed(digits)).padStart(width);
  const percent = qber === undefined ? undefined : 100 * qber;
  const rate = keyRateBps === undefined ? undefined : keyRateBps / 1000;
  return `${number(block, 0, 5)} ${number(percent, 2, 7)} ${number(siftedBits, 0, 12)} ${number(efficiency, 3, 7)} ${number(keyBits, 0, 10)} ${number(linkSeconds, 3, 9)} ${number(rate, 1, 10)} ${number(wallMs, 0, 8)}${chsh === undefined ? '' : `  S ${chsh.toFixed(3)}`}${failure === undefined ? '' : `  ${failure}`}`;
};
const HEADING = 'block  QBER %  sifted bits       f   key bits    link s       kb/s       ms';

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1e6) throw new InvalidArgumentError('It must be a whole number from 1 to 1,000,000.');
  return value;
};
const seed = (text: string): string => {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new InvalidArgumentError('It must be 64 hex digits.');
  return text;
};

/** Declares `qkd-sim link`. */
export const linkCommands = (program: Command): void => {
  command(program, 'link', 'Run one link alone and show its blocks.', 'qkd-sim link --profile metro-10dB --blocks 5')
    .option('--profile <name|file>', 'the link: a named profile, or a YAML file of your own', 'metro-10dB')
    .option('--blocks <n>', 'how many', count, 5)
    .option('--seed <hex>', '64 hex digits from which everything is drawn, so that the run can be repeated; without it the system\'s randomness', seed)
    .option('--intercept-resend <share>', 'let Eve measure and resend a share of the pulses, 0 to 1', fraction)
    .option('--json', 'one line of JSON a block')
    .action(async ({ json, ...options }: LinkOptions & { json?: true }) => {
      let failures = 0;
      if (!json) print(HEADING);
      await runLink(options, (row) => {
        if (row.failure !== undefined) failures++;
        if (json) printJson(row);
        else print(cells(row));
      });
      if (failures > 0) throw new QkdError('CHANNEL', `${failures} of ${options.blocks} blocks were refused or lost`);
    });
};
