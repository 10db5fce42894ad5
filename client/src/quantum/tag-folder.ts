/**
 * Where messages lie between organizations: a folder that others see, by whatever carries it there (a share, a synchronised folder,
 * the worker's server). It needs no trust: who changes, removes or adds a file there is seen by the tags.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a peer's messages are looked for. */
export interface TagSource {
  /** A message; undefined while there is none. */
  get(from: string, to: string, sequence: number): Promise<string | undefined>;
}

/** Longest message that is read, bytes. */
export const mostMessageBytes = 1024 * 1024;

/** Folder and file of a message; `fl-worker` serves what is named so. */
export const messagePath = (from: string, to: string, sequence: number): [folder: string, file: string] => [`${encodeURIComponent(from)}-to-${encodeURIComponent(to)}`, `${sequence}.json`];

export class TagFolder implements TagSource {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Puts a message there, whole or not at all. */
  async put(from: string, to: string, sequence: number, text: string): Promise<void> {
    const file = join(this.#root, ...messagePath(from, to, sequence));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.part`, text);
    await rename(`${file}.part`, file);
  }

  /** As `TagSource`. @throws Error when the folder cannot be read. */
  async get(from: string, to: string, sequence: number): Promise<string | undefined> {
    const bytes = await readFile(join(this.#root, ...messagePath(from, to, sequence))).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    return bytes?.subarray(0, mostMessageBytes).toString('utf8');
  }
}
