/** What an organization cosigned last, in a file of its own: a peer that hides the ledger's past cannot hide this. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { parse } from '@epione/protocol';
import { z } from 'zod';
import { UsageError } from '../ledger/faults.js';

const remembered = z.strictObject({ origin: z.string().min(1), size: z.int().min(1), root: z.string().regex(/^[0-9a-f]{64}$/) });

/** A checkpoint that this organization has signed. */
export type Remembered = z.infer<typeof remembered>;

/** @returns undefined when there is no such file yet. @throws UsageError, CodedError BAD_FIELD. */
export async function readMemory(path: string): Promise<Remembered | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code === 'ENOENT') return undefined;
    throw new UsageError(`cannot read the memory ${path}`, { cause });
  });
  if (text === undefined) return undefined;
  try {
    return parse(remembered, JSON.parse(text), 'memory');
  } catch (cause) {
    throw new UsageError(`${path} is no memory of cosignatures`, { cause });
  }
}

/** Puts the file in place as a whole, before anything that it remembers is sent. */
export async function writeMemory(path: string, last: Remembered): Promise<void> {
  await writeFile(`${path}.draft`, `${JSON.stringify(last)}\n`, { flush: true });
  await rename(`${path}.draft`, path);
}
