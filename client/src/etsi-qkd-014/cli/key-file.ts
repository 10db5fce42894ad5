/** A file for delivered keys, made before they are asked for: keys are delivered once, and a full disk or a taken name would lose them. */
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { EtsiQkd014Error } from '../error.js';
import type { KeyContainer } from '../qkd-key.js';

/** A key container of the standard as text; the caller decides who may read it. */
export const containerText = ({ keys, members }: KeyContainer): string =>
  `${JSON.stringify({ keys: keys.map(({ id, bytes, members: own }) => ({ key_ID: id, key: Buffer.from(bytes).toString('base64'), ...own })), ...members }, undefined, 2)}\n`;

/**
 * Makes the file, readable for its owner only, and fills it with what `take` delivers; without keys it is removed again.
 * @throws EtsiQkd014Error BAD_OPTION when it exists or cannot be made; whatever `take` throws.
 */
export async function intoKeyFile(path: string, take: () => Promise<KeyContainer>): Promise<{ readonly file: string; readonly keyIds: readonly string[] }> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (cause) {
    throw new EtsiQkd014Error('BAD_OPTION', `cannot make ${path}: ${(cause as Error).message}`, { cause });
  }
  let filled = false;
  try {
    using container = await take();
    filled = true;
    await file.writeFile(containerText(container));
    await file.sync();
    return { file: path, keyIds: container.keys.map(({ id }) => id) };
  } finally {
    await file.close();
    if (!filled) await unlink(path);
  }
}
