/**
 * Where messages lie between organizations: a folder that all of them see, by whatever carries it there (a share, a synchronised
 * folder, a mounted bucket). It needs no trust: who changes, removes or adds a file there is seen by the tags.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Longest message that is read, bytes. */
const mostBytes = 1024 * 1024;

export class TagFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  #file(from: string, to: string, sequence: number): string {
    return join(this.#root, `${encodeURIComponent(from)}-to-${encodeURIComponent(to)}`, `${sequence}.json`);
  }

  /** Puts a message there, whole or not at all. */
  async put(from: string, to: string, sequence: number, text: string): Promise<void> {
    const file = this.#file(from, to, sequence);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.part`, text);
    await rename(`${file}.part`, file);
  }

  /** A message; undefined while there is none. @throws Error when the folder cannot be read. */
  async get(from: string, to: string, sequence: number): Promise<string | undefined> {
    const bytes = await readFile(this.#file(from, to, sequence)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    });
    return bytes?.subarray(0, mostBytes).toString('utf8');
  }
}
