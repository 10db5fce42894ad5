/** The check of a start-up kit as the network's operator made it: every file whole, nothing beside them, configuration and profile readable, keys private. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readProfile } from '@epione/client';
import { readConfig } from '../config.js';
import { WorkerError } from '../error.js';
import { certificates } from './certificates.js';
import { secrets } from './disk.js';
import { fault, ok, run, unlessAny, type Examined, type Finding, type Remark } from './finding.js';
import { profile } from './machine.js';

const sumsFile = 'SHA256SUMS';
const again = 'Ask the operator for the kit again; do not use this one.';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The sums by file name. @throws WorkerError CONFIG_INVALID when there are none. */
async function readSums(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, sumsFile), 'utf8').catch((cause: unknown) => {
    throw new WorkerError('CONFIG_INVALID', `${folder} is no start-up kit: it has no ${sumsFile}`, { cause, remedy: 'Name the folder that fl-network kit made.' });
  });
  const lines = text.trimEnd().split('\n').map((line) => /^([0-9a-f]{64}) [ *]([A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)$/.exec(line));
  if (lines.includes(null)) throw new WorkerError('CONFIG_INVALID', `${sumsFile} has lines of another form`, { remedy: again });
  return new Map(lines.flatMap((line) => (line === null ? [] : [[line[2] ?? '', line[1] ?? ''] as const])));
}

async function fileRemarks(folder: string, sums: ReadonlyMap<string, string>): Promise<Remark[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const there = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length));
  const strangers = there.filter((name) => name !== sumsFile && !sums.has(name)).map((name) => fault('KIT_FILE_STRANGE', `${name} is not of this kit`, again));
  const told = await Promise.all([...sums].map(async ([name, sum]): Promise<Remark[]> => {
    const path = join(folder, name);
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined) return [fault('KIT_FILE_MISSING', `${name} is missing`, again)];
    if (sha256(bytes) !== sum) return [fault('KIT_FILE_CHANGED', `${name} is not as the operator made it`, again)];
    const { mode } = await stat(path);
    return name.endsWith('.key') && (mode & 0o077) !== 0 ? [fault('SECRET_READABLE', `${name} can be read by others`, `chmod 600 ${path}`)] : [];
  }));
  return [...told.flat(), ...strangers];
}

/**
 * Checks a kit before it is used for the first time.
 * @param folder as `fl-network kit` made it, or as its archive was unpacked.
 * @throws WorkerError CONFIG_INVALID when it is no kit.
 */
export async function checkKit(folder: string, now: () => number): Promise<{ readonly digest: string; readonly findings: readonly Finding[] }> {
  const sums = await readSums(folder);
  const digest = sha256(await readFile(join(folder, sumsFile)));
  const files = unlessAny(await fileRemarks(folder, sums), `${sums.size} as the operator made them`).map((remark): Finding => ({ check: 'files', ...remark }));
  const config = await readConfig(join(folder, 'worker.yaml')).catch((error: unknown) => error as Error);
  if (config instanceof Error) return { digest, findings: [...files, { check: 'configuration', ...fault('CONFIG_INVALID', config.message, again) }] };
  const examined: Examined = { config, profile: await readProfile(config.profile).catch(() => undefined), study: undefined, partners: [], proxyEnv: {}, now, elapsed: now };
  const rest = await Promise.all([profile, secrets, certificates].map((check) => run(check, examined)));
  return { digest, findings: [...files, { check: 'configuration', ...ok(`of ${config.mspId}`) }, ...rest.flat()] };
}
