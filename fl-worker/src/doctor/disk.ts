/** The checks of the disk: room, whether it can be written to, and who else can read the secrets on it. */
import { mkdir, open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkerConfig } from '../config.js';
import { fault, unlessAny, warning, type Check, type Examined, type Remark } from './finding.js';

const leastFreeBytes = 1024 ** 3;
// Warned below this many times the bytes under which it is a fault.
const early = 4;

/** What there is to say about free room. */
export function roomRemarks(folder: string, freeBytes: number): Remark[] {
  const told = `${(freeBytes / 1e6).toFixed(0)} MB are free at ${folder}`;
  if (freeBytes < leastFreeBytes) return [fault('DISK_FULL', told, 'Make room, or set state to a folder on a larger disk.')];
  return freeBytes < early * leastFreeBytes ? [warning('DISK_FILLING', told, 'Make room before the next study.')] : [];
}

async function writes(folder: string): Promise<Remark[]> {
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await using file = await open(probe, 'wx', 0o600);
    await file.sync();
    return [];
  } catch (error) {
    return [fault('DISK_UNWRITABLE', `${folder} cannot be written to: ${(error as Error).message}`, 'Give the folder to the user that the worker runs as (chown), or set state to another.')];
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

export const disk: Check = {
  name: 'disk', remedy: 'Correct state in the configuration.',
  examine: async ({ config: { state } }) => {
    const unwritable = await writes(state);
    if (unwritable.length > 0) return unwritable;
    const { bavail, bsize } = await statfs(state);
    return unlessAny(roomRemarks(state, bavail * bsize), `${((bavail * bsize) / 1e9).toFixed(1)} GB free at ${state}`);
  },
};

const protectionFiles = (protection: WorkerConfig['keyProtection']): string[] => (protection === undefined ? [] : 'pkcs11' in protection ? [protection.pkcs11.pinFile] : Object.values(protection));

/** Files that hold a secret, apart from the seeds, which have a check of their own. */
function secretFiles({ profile, config: { blobServer, kme, keyProtection, data } }: Examined): string[] {
  const named = [profile?.identities.worker?.privateKeyFile, blobServer.privateKey, kme?.privateKey, data?.consents, ...protectionFiles(keyProtection)];
  return [...new Set(named.filter((file) => file !== undefined))];
}

async function rights(file: string): Promise<Remark[]> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || (found.mode & 0o077) === 0) return []; // whoever needs it says that it is missing
  const everybody = (found.mode & 0o007) !== 0;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  return [(everybody ? fault : warning)('SECRET_READABLE', `${file} can be read by ${everybody ? 'everybody' : 'its group'} (mode ${mode})`, `chmod 600 ${file}`)];
}

export const secrets: Check = {
  name: 'secret files', remedy: 'chmod 600 the files that hold secrets.',
  examine: async (examined) => {
    const files = secretFiles(examined);
    return unlessAny((await Promise.all(files.map(rights))).flat(), `${files.length} for their owner only`);
  },
};

