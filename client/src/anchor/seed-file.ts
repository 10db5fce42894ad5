/** Secret keys as seeds in files: hexadecimal, one line, for their owner only. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { UsageError } from '../ledger/faults.js';

/** @param bytes that the seed must have. @throws UsageError. */
export async function readSeed(path: string, bytes: number): Promise<Uint8Array> {
  const unreadable = (cause: unknown): never => {
    throw new UsageError(`cannot read the key ${path}`, { cause });
  };
  const { mode } = await stat(path).catch(unreadable);
  if ((mode & 0o077) !== 0) throw new UsageError(`${path} can be read by others: chmod 600 ${path}`);
  const text = (await readFile(path, 'utf8').catch(unreadable)).trim();
  if (!/^[0-9a-f]+$/.test(text) || text.length !== 2 * bytes) throw new UsageError(`${path} does not hold ${bytes} bytes in hex`);
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Writes a seed into a new file. @throws UsageError where there is one already. */
export async function writeSeed(path: string, seed: Uint8Array): Promise<void> {
  await writeFile(path, `${Buffer.from(seed).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true }).catch((cause: unknown) => {
    throw new UsageError(`cannot make the key ${path}: a key is never overwritten`, { cause });
  });
  await chmod(path, 0o600);
}
