/** Room for what nodes write: bytes and files, on every disk that holds a ledger. */
import { existsSync, readdirSync, statSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { leastFreeBytes } from '../nodes/start.js';
import { fault, unlessAny, warning, type Check, type Examined, type Remark } from './finding.js';

/** What is left on the disk of a folder. `files` is undefined where the file system has no limit. */
export interface Room {
  readonly folder: string;
  readonly bytes: number;
  readonly files: number | undefined;
}

const leastFiles = 10_000;
// Warned below this many times the threshold under which nothing is started.
const early = 4;

function roomOf(folder: string): Room {
  const { bavail, bsize, files, ffree } = statfsSync(folder);
  return { folder, bytes: bavail * bsize, files: files === 0 ? undefined : ffree };
}

/** What there is to say about the room that is left. */
export function roomRemarks({ folder, bytes, files }: Room): Remark[] {
  const remedy = 'Make room on that disk, or move the state to another while the network is down.';
  const megabytes = Math.floor(bytes / 1e6);
  if (bytes < leastFreeBytes) return [fault(`the disk of ${folder} has ${megabytes} MB left, ${Math.ceil(leastFreeBytes / 1e6)} MB are needed`, remedy)];
  if (files !== undefined && files < leastFiles) return [fault(`the disk of ${folder} has room for ${files} more files only, ${leastFiles} are needed`, 'Remove small files there, or use a file system with more inodes.')];
  return bytes < early * leastFreeBytes ? [warning(`the disk of ${folder} has ${megabytes} MB left`, remedy)] : [];
}

function remarks(folders: readonly string[]): readonly Remark[] {
  const rooms = folders.map(roomOf);
  const least = Math.floor(Math.min(...rooms.map(({ bytes }) => bytes)) / 1e6);
  return unlessAny(rooms.flatMap(roomRemarks), `${least} MB free${rooms.length > 1 ? ` on the fullest of ${rooms.length} disks` : ''}`);
}

/** The disk of the state folder, or of the folder that will hold it. */
export const disk: Check<string> = {
  name: 'disk',
  examine: (stateDir) => {
    let dir = resolve(stateDir);
    while (!existsSync(dir)) dir = dirname(dir);
    return remarks([dir]);
  },
};

/** Ledgers that lie on other disks than the state folder, by a link or a mount. */
export function foldersOfOtherDisks(stateDir: string): string[] {
  const ledgers = join(stateDir, 'ledgers');
  const folders = existsSync(ledgers) ? readdirSync(ledgers).map((name) => join(ledgers, name)) : [];
  const seen = new Set([statSync(stateDir).dev]);
  return folders.filter((folder) => {
    const { dev } = statSync(folder);
    return !seen.has(dev) && seen.add(dev);
  });
}

/** The disks of the ledgers. */
export const ledgerDisks: Check<Examined> = {
  name: 'disk',
  examine: ({ network }) => {
    const folders = foldersOfOtherDisks(network.dir);
    return folders.length === 0 ? [] : remarks(folders);
  },
};
