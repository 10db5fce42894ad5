/** The messages of a watch over blocks (`fl-audit watch-blocks --folder STATE/tags`), served to other organizations beside the blobs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Folder and file as the watch names them: no other folder can be named so. */
const messagePath = /\/tags\/([A-Za-z0-9._~!'()*%-]+-to-[A-Za-z0-9._~!'()*%-]+)\/(\d{1,12}\.json)$/;

/** The message under a path; undefined where there is none. */
export async function findTag(state: string, path: string): Promise<Uint8Array | undefined> {
  const [, folder, file] = messagePath.exec(path) ?? [];
  if (folder === undefined || file === undefined) return undefined;
  return readFile(join(state, 'tags', folder, file)).catch(() => undefined);
}
