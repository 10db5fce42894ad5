/** What a person who helps needs to see of a site, in one file: versions, configuration, checks, states, last events; and no secret. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { arch, platform, release } from 'node:os';
import { join } from 'node:path';
import type { Json } from '@epione/protocol';
import type { WorkerConfig } from './config.js';
import { examine, type Finding } from './doctor/doctor.js';
import { explain, type Explained } from './exit.js';
import { software } from './round/seal.js';
import { keyStatus, type KeyStatus } from './site/key-desk.js';
import { workerStatus, type WorkerStatus } from './status.js';

/** A part of the bundle, or why it is not there. */
type Part<T> = T | { readonly fault: Explained };

/** The file of `fl-worker support-bundle`. */
export interface SupportBundle {
  readonly format: 'epione-support-1';
  /** ms since 1970 UTC. */
  readonly madeAt: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly doctor: Part<readonly Finding[]>;
  readonly keys: Part<KeyStatus>;
  readonly status: Part<WorkerStatus>;
  /** Of the state folder and its keys folder: names, sizes, rights. */
  readonly files: readonly { readonly file: string; readonly bytes: number; readonly mode: string }[];
  readonly log: { readonly events: readonly Json[]; readonly leftOut: number };
}

const withheld = '(withheld)';
/** Options whose values are names, addresses and numbers; a new one is shown when somebody has thought about it. */
const shown: ReadonlySet<string> = new Set(['mspId', 'profile', 'state', 'suites', 'keyProtection', 'study', 'data', 'kme', 'blobServer', 'keepContentKeys', 'limits', 'pollMs']);

/** A long run of letters of both cases; what begins with a slash and has no digit is a path. */
const isBase64 = (run: string): boolean => /[A-Z]/.test(run) && /[a-z]/.test(run) && (/\d/.test(run) || !run.startsWith('/'));

/** Takes out of a text what has the form of a key: long hex that is no digest, long base64, passwords of addresses. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/(sha(?:256|512):)?[0-9a-f]{32,}/gi, (found, digest: string | undefined) => (digest === undefined ? withheld : found))
    .replace(/(?<![A-Za-z0-9+/_:-])[A-Za-z0-9+/_-]{40,}={0,2}/g, (found) => (isBase64(found) ? withheld : found))
    .replace(/\/\/[^/@\s"]+@/g, `//${withheld}@`);

/** The same for every text in a value. */
function scrubbed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_, part: unknown) => (typeof part === 'string' ? withoutSecrets(part) : part)) as T;
}

const attempt = <T>(work: Promise<T>): Promise<Part<T>> => work.catch((error: unknown) => ({ fault: scrubbed(explain(error)) }));

const configurationOf = (config: WorkerConfig): SupportBundle['configuration'] =>
  Object.fromEntries(Object.entries(config).map(([name, value]) => [name, shown.has(name) ? (JSON.parse(JSON.stringify(value).replace(/\/\/[^/@\s"]+@/g, `//${withheld}@`)) as unknown) : withheld]));

async function filesIn(folder: string, below = ''): Promise<SupportBundle['files']> {
  const names = await readdir(join(folder, below)).catch(() => []);
  return Promise.all(names.sort().map(async (name) => {
    const { size, mode } = await stat(join(folder, below, name));
    return { file: join(below, name), bytes: size, mode: (mode & 0o777).toString(8).padStart(4, '0') };
  }));
}

/** A line of the worker's own events; undefined for everything else, which nobody knows the form of. */
function eventOf(line: string): Json | undefined {
  try {
    const value = JSON.parse(line) as Json;
    return typeof value === 'object' && 'event' in value && typeof value['event'] === 'string' ? scrubbed(value) : undefined;
  } catch {
    return undefined;
  }
}

async function lastEvents(path: string | undefined, lines: number): Promise<SupportBundle['log']> {
  const text = path === undefined ? '' : await readFile(path, 'utf8');
  const last = text.split('\n').filter((line) => line !== '').slice(-lines);
  const events = last.map(eventOf).filter((event) => event !== undefined);
  return { events, leftOut: last.length - events.length };
}

/**
 * Gathers a bundle. Nothing that fails stops it.
 * @param log file with the worker's JSON lines. @param lines how many of its last lines at most. @param now ms since 1970 UTC.
 */
export async function gather(config: WorkerConfig, log: string | undefined, lines: number, now: () => number): Promise<SupportBundle> {
  return {
    format: 'epione-support-1',
    madeAt: now(),
    versions: { software, node: process.versions.node, openssl: process.versions.openssl, system: `${platform()} ${release()} ${arch()}` },
    configuration: configurationOf(config),
    doctor: await attempt(examine(config, { now, elapsed: () => performance.now(), proxyEnv: process.env }).then(scrubbed)),
    keys: await attempt(keyStatus(config)),
    status: await attempt(workerStatus(config)),
    files: [...(await filesIn(config.state)), ...(await filesIn(config.state, 'keys'))],
    log: await lastEvents(log, lines),
  };
}
